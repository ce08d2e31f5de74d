// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "lobby",
    dependencies: [
        .package(name: "mqantserver", path: Context.environment["MQANTSERVER"] ?? "../..", traits: [])
    ],
    targets: [
        .target(name: "Lobby", dependencies: [.product(name: "Mqant", package: "mqantserver")]),
        .executableTarget(
            name: "lobby-server",
            dependencies: ["Lobby", .product(name: "MqantServer", package: "mqantserver")]),
        .testTarget(
            name: "LobbyTests",
            dependencies: ["Lobby", .product(name: "MqantTesting", package: "mqantserver")]),
    ]
)
