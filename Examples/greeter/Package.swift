// swift-tools-version:6.2
import PackageDescription

// A server of one's own: a module, a program of three lines, and a test. In a package of yours the dependency is the
// repository's address instead of a path.
let package = Package(
    name: "greeter",
    dependencies: [
        .package(name: "mqantserver", path: Context.environment["MQANTSERVER"] ?? "../..", traits: [])
    ],
    targets: [
        .target(name: "Greeter", dependencies: [.product(name: "Mqant", package: "mqantserver")]),
        .executableTarget(
            name: "greeter-server",
            dependencies: ["Greeter", .product(name: "MqantServer", package: "mqantserver")]),
        .testTarget(
            name: "GreeterTests",
            dependencies: ["Greeter", .product(name: "MqantTesting", package: "mqantserver")]),
    ]
)
