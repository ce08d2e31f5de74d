// swift-tools-version:6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
    name: "mqantserver",
    products: [
        .executable(name: "mqantserver", targets: ["Node"]),
        .library(name: "Mqant", targets: ["Mqant"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .target(
            name: "MQTT",
            dependencies: [
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "RPC",
            dependencies: [
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
        .target(
            name: "RabbitMQ",
            dependencies: [
                "CRabbitMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "RPCRabbitMQ",
            dependencies: [
                "RPC", "RabbitMQ",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Mqant",
            dependencies: [
                "RPC",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Gate",
            dependencies: [
                "MQTT", "Mqant", "RPC",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            path: "Sources/Modules/Gate",
            swiftSettings: settings
        ),
        .target(name: "Login", dependencies: ["Mqant"], path: "Sources/Modules/Login", swiftSettings: settings),
        .target(
            name: "Chat",
            dependencies: [
                "Mqant",
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
            ],
            path: "Sources/Modules/Chat",
            swiftSettings: settings
        ),
        .target(
            name: "Web",
            dependencies: [
                "Mqant",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Sources/Modules/Web",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "Node",
            dependencies: [
                "Chat", "Gate", "Login", "Mqant", "RPC", "RPCRabbitMQ", "RabbitMQ", "Web",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MQTTTests",
            dependencies: ["MQTT", .product(name: "NIOCore", package: "swift-nio")],
            resources: [.copy("Crashers")],
            swiftSettings: settings
        ),
        .target(
            name: "TransportContract",
            dependencies: [
                "RPC",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/TransportContract",
            swiftSettings: settings
        ),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "RPC", "TransportContract",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOFoundationEssentialsCompat", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(name: "RabbitMQTestSupport", path: "Tests/RabbitMQTestSupport", swiftSettings: settings),
        .testTarget(
            name: "RabbitMQTests",
            dependencies: [
                "RabbitMQ", "RabbitMQTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RPCRabbitMQTests",
            dependencies: [
                "RPC", "RPCRabbitMQ", "RabbitMQ",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Gate", "MQTTTestSupport", "Mqant", "RPC", "RPCRabbitMQ", "RabbitMQ", "RabbitMQTestSupport",
                "TransportContract",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MqantTests",
            dependencies: [
                "Mqant",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "MQTTTestSupport",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Tests/MQTTTestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "GateTests",
            dependencies: [
                "Gate", "MQTT", "MQTTTestSupport", "Mqant",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "MQTTTestSupport", "Mqant", "Node", "RPC", "RPCRabbitMQ", "RabbitMQ", "RabbitMQTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)

// Benchmarks reach into the package, so they cannot be a package of their own; they are built when they are asked for:
// MQANT_BENCHMARKS=1 swift build -c release
if Context.environment["MQANT_BENCHMARKS"] != nil {
    package.targets += [
        .target(name: "BenchSupport", path: "Benchmarks/BenchSupport", swiftSettings: settings),
        .executableTarget(
            name: "RabbitMQBench",
            dependencies: [
                "BenchSupport", "RabbitMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/RabbitMQBench",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "RPCBench",
            dependencies: [
                "BenchSupport", "RPC", "RPCRabbitMQ", "RabbitMQ",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/RPCBench",
            swiftSettings: settings
        ),
    ]
}
