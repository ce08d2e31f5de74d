// swift-tools-version:6.2
import Foundation
import PackageDescription

/// For scripts/check-instructions, which looks into targets from outside, in a release build.
let countsInstructions = Context.environment["MQANT_INSTRUCTIONS"] != nil

let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (countsInstructions ? [.unsafeFlags(["-enable-testing"])] : [])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let crypto = Target.Dependency.product(
    name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Accounts"]))
let cryptoExtras = Target.Dependency.product(
    name: "CryptoExtras", package: "swift-crypto", condition: .when(traits: ["Accounts"]))
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift", condition: .when(traits: ["Accounts"]))
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioFoundation = Target.Dependency.product(name: "NIOFoundationEssentialsCompat", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioTLS = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioWebSocket = Target.Dependency.product(name: "NIOWebSocket", package: "swift-nio")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

/// The broker's transport, and librabbitmq with it, is there where the trait is.
let rabbitMQ = TargetDependencyCondition.when(traits: ["RabbitMQ"])

/// Login's accounts, and SQLite with them, are there where the trait is.
let accounts = TargetDependencyCondition.when(traits: ["Accounts"])

// Names of targets are one space for a package and all that it depends on: ours begin with Mqant, so that a game may have
// a Chat, a Gate and an RPC of its own. The folders keep the short names.
let package = Package(
    name: "mqantserver",
    products: [
        .library(name: "Mqant", targets: ["Mqant"]),
        .library(name: "MqantServer", targets: ["MqantServer"]),
        .library(name: "MqantTesting", targets: ["MqantTesting"]),
        .executable(name: "mqantserver", targets: ["MqantDemo"]),
    ],
    traits: [
        .trait(name: "RabbitMQ", description: "Several nodes, over a RabbitMQ. Needs librabbitmq."),
        .trait(name: "Accounts", description: "Accounts with passwords for the demo's Login. Needs libsqlite3."),
        .default(enabledTraits: ["RabbitMQ", "Accounts"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift.git", from: "0.2.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // What a module author imports.
        .target(name: "MqantAMQPURI", path: "Sources/AMQPURI", swiftSettings: settings),
        .target(
            name: "MqantConfiguration", dependencies: ["MqantAMQPURI"], path: "Sources/Configuration",
            swiftSettings: settings),
        .target(
            name: "MqantRPC", dependencies: [histogram, deque, logging, nio, nioFoundation, nioPosix],
            path: "Sources/RPC", swiftSettings: settings),
        .target(
            name: "Mqant", dependencies: ["MqantConfiguration", "MqantRPC", logging, nio, nioPosix, serviceLifecycle],
            swiftSettings: settings),

        // The broker.
        .systemLibrary(
            name: "CMqantRabbitMQ", path: "Sources/CRabbitMQ", pkgConfig: "librabbitmq",
            providers: [.apt(["librabbitmq-dev"])]),
        .target(
            name: "MqantRabbitMQ", dependencies: ["CMqantRabbitMQ", "MqantAMQPURI", logging, nio],
            path: "Sources/RabbitMQ", swiftSettings: settings),
        .target(
            name: "MqantRPCRabbitMQ",
            dependencies: ["MqantAMQPURI", "MqantRPC", "MqantRabbitMQ", deque, logging, nio, nioFoundation, nioPosix],
            path: "Sources/RPCRabbitMQ", swiftSettings: settings),

        // Who has an account, in a file: for Login.
        .target(
            name: "MqantAccounts", dependencies: ["Mqant", crypto, cryptoExtras, deque, grdb, logging, nio, nioPosix],
            path: "Sources/Accounts", swiftSettings: settings),

        // Modules.
        .target(name: "MqantMQTT", dependencies: [deque, nio], path: "Sources/MQTT", swiftSettings: settings),
        .target(
            name: "MqantGate",
            dependencies: [
                "MqantMQTT", "Mqant", "MqantConfiguration", "MqantRPC", deque, logging, nio, nioHTTP, nioPosix, nioTLS,
                nioWebSocket,
            ],
            path: "Sources/Modules/Gate", swiftSettings: settings),
        .target(
            name: "MqantWeb",
            dependencies: [
                "Mqant", "MqantConfiguration", hummingbird, hummingbirdCore, logging, nio, nioHTTP, nioHTTPTypes,
                nioPosix,
                serviceLifecycle,
            ],
            path: "Sources/Modules/Web", swiftSettings: settings),
        .target(
            name: "MqantLogin", dependencies: ["Mqant", .target(name: "MqantAccounts", condition: accounts)],
            path: "Sources/Modules/Login", swiftSettings: settings),
        .target(
            name: "MqantChat", dependencies: ["Mqant", nioFoundation], path: "Sources/Modules/Chat",
            swiftSettings: settings),

        // The server, and the demo.
        .target(
            name: "MqantServer",
            dependencies: [
                "Mqant", "MqantConfiguration", "MqantGate", "MqantRPC", "MqantWeb", argumentParser, logging, nio,
                nioPosix, nioTLS, serviceLifecycle, unixSignals,
                .target(name: "MqantRPCRabbitMQ", condition: rabbitMQ),
                .target(name: "MqantRabbitMQ", condition: rabbitMQ),
            ],
            path: "Sources/Server", swiftSettings: settings),
        .target(
            name: "MqantTesting",
            dependencies: [
                "Mqant", "MqantConfiguration", "MqantGate", "MqantRPC", "MqantServer", deque, logging, nio,
                nioFoundation,
                nioPosix, serviceLifecycle,
            ],
            path: "Sources/Testing", swiftSettings: settings),
        .executableTarget(
            name: "MqantDemo",
            dependencies: [
                "MqantChat", "MqantLogin", "MqantServer", argumentParser,
                .target(name: "MqantAccounts", condition: accounts),
            ],
            path: "Sources/Node", swiftSettings: settings),

        // Tests.
        .target(
            name: "MqantTransportContract", dependencies: ["MqantRPC", "MqantTesting", logging, nio, nioPosix],
            path: "Tests/TransportContract", swiftSettings: settings),
        .target(name: "MqantRabbitMQTestSupport", path: "Tests/RabbitMQTestSupport", swiftSettings: settings),
        .target(
            name: "MqantMQTTTestSupport", dependencies: ["MqantTesting", nio, nioPosix], path: "Tests/MQTTTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "MQTTTests", dependencies: ["MqantMQTT", nio], resources: [.copy("Crashers")],
            swiftSettings: settings),
        .testTarget(
            name: "RPCTests",
            dependencies: [
                "MqantRPC", "MqantTesting", "MqantTransportContract", logging, nio, nioFoundation, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(name: "AMQPURITests", dependencies: ["MqantAMQPURI"], swiftSettings: settings),
        .testTarget(
            name: "ConfigurationTests", dependencies: ["MqantAMQPURI", "MqantConfiguration"], swiftSettings: settings),
        .testTarget(
            name: "MqantTests", dependencies: ["Mqant", "MqantConfiguration", "MqantRPC", logging, nio, nioPosix],
            swiftSettings: settings),
        .testTarget(
            name: "GateTests",
            dependencies: [
                "MqantGate", "MqantMQTT", "MqantMQTTTestSupport", "Mqant", "MqantConfiguration", "MqantRPC", logging,
                nio,
                nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RabbitMQTests",
            dependencies: ["MqantAMQPURI", "MqantRabbitMQ", "MqantRabbitMQTestSupport", logging, nio],
            swiftSettings: settings),
        .testTarget(
            name: "RPCRabbitMQTests",
            dependencies: ["MqantAMQPURI", "MqantRPC", "MqantRPCRabbitMQ", "MqantRabbitMQ", logging, nio],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "MqantAMQPURI", "MqantGate", "MqantMQTTTestSupport", "Mqant", "MqantConfiguration", "MqantRPC",
                "MqantRPCRabbitMQ", "MqantRabbitMQ", "MqantRabbitMQTestSupport", "MqantTesting",
                "MqantTransportContract", logging, nio, nioPosix,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TestingTests", dependencies: ["MqantTesting", serviceLifecycle], swiftSettings: settings),
        .testTarget(
            name: "AccountsTests", dependencies: ["MqantAccounts", "Mqant", grdb, logging], swiftSettings: settings),
        .testTarget(
            name: "LoginTests", dependencies: ["MqantAccounts", "MqantLogin", "MqantTesting"], swiftSettings: settings),
        .testTarget(
            name: "ChatTests", dependencies: ["MqantChat", "MqantLogin", "MqantTesting"], swiftSettings: settings),
        .testTarget(
            name: "NodeTests",
            dependencies: [
                "MqantDemo", "MqantLogin", "MqantMQTTTestSupport", "Mqant", "MqantConfiguration", "MqantServer",
                "MqantTesting", "MqantRPC",
                "MqantRPCRabbitMQ", "MqantRabbitMQ", "MqantRabbitMQTestSupport", logging, nio, nioPosix,
                serviceLifecycle,
            ],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)

// The load generator, which knows nothing of the server's code. Images of servers are built from Sources and Tests alone.
if FileManager.default.fileExists(atPath: "\(Context.packageDirectory)/Benchmarks/load") {
    package.products.append(.executable(name: "mqantload", targets: ["MqantLoad"]))
    package.targets += [
        .target(name: "CMqantEpoll", path: "Benchmarks/CEpoll"),
        .executableTarget(
            name: "MqantLoad", dependencies: ["CMqantEpoll", argumentParser, heap, histogram], path: "Benchmarks/load",
            swiftSettings: settings),
        .testTarget(name: "LoadTests", dependencies: ["MqantLoad"], swiftSettings: settings),
    ]
}

// Benchmarks reach into the package, so they cannot be a package of their own; they are built when they are asked for:
// MQANT_BENCHMARKS=1 swift build -c release
if Context.environment["MQANT_BENCHMARKS"] != nil {
    package.targets += [
        .target(name: "MqantBenchSupport", path: "Benchmarks/BenchSupport", swiftSettings: settings),
        .executableTarget(
            name: "RabbitMQBench", dependencies: ["MqantBenchSupport", "MqantRabbitMQ", logging, nio],
            path: "Benchmarks/RabbitMQBench", swiftSettings: settings),
        .executableTarget(
            name: "RPCBench",
            dependencies: [
                "MqantBenchSupport", "MqantRPC", "MqantRPCRabbitMQ", "MqantRabbitMQ", logging, nio, nioPosix,
            ],
            path: "Benchmarks/RPCBench", swiftSettings: settings),
    ]
}

if countsInstructions {
    package.targets.append(
        .executableTarget(
            name: "MqantInstructions",
            dependencies: ["MqantGate", "MqantMQTT", "MqantRPC", "MqantRPCRabbitMQ", logging, nio, nioPosix],
            path: "Benchmarks/instructions", swiftSettings: settings))
}

// DocC's plugin is for scripts/docs: who depends on this package never resolves it.
if Context.environment["MQANT_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin.git", from: "1.5.0"))
}
