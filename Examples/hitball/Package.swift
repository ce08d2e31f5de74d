// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "hitball",
    dependencies: [
        .package(name: "mqantserver", path: Context.environment["MQANTSERVER"] ?? "../..", traits: [])
    ],
    targets: [
        .target(name: "Hitball", dependencies: [.product(name: "Mqant", package: "mqantserver")]),
        .executableTarget(
            name: "hitball-server",
            dependencies: ["Hitball", .product(name: "MqantServer", package: "mqantserver")]),
        .testTarget(
            name: "HitballTests",
            dependencies: ["Hitball", .product(name: "MqantTesting", package: "mqantserver")]),
    ]
)
