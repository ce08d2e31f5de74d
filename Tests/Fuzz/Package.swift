// swift-tools-version:6.2
import PackageDescription

/// A package of its own, because the sanitizer wants flags that no package may pass on to its users, and an executable
/// without a main: libFuzzer brings it. `Sources/MQTT` and `Sources/Fuzz/Support` are links into the main package.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .unsafeFlags(["-sanitize=fuzzer", "-parse-as-library"]),
]

let package = Package(
    name: "Fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-nio", exact: "2.101.2")],
    targets: [
        .target(
            name: "MQTT", dependencies: [.product(name: "NIOCore", package: "swift-nio")], swiftSettings: settings),
        .target(
            name: "Fuzz", dependencies: ["MQTT", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: settings),
        .executableTarget(
            name: "fuzz-mqtt", dependencies: ["Fuzz"], path: "Sources/Entry",
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer"])]),
    ]
)
