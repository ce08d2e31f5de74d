import Foundation
import MqantServer
import Testing

/// The version is said in one way wherever it is said.
@Suite struct VersionTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ file: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
    }

    @Test func theChangelogBeginsWithIt() throws {
        let heading = try Self.text("CHANGELOG.md").split(separator: "\n").first { $0.hasPrefix("## ") }
        #expect(heading?.split(separator: " ").dropFirst().first == Substring(Server.frameworkVersion))
    }

    @Test(arguments: ["README.md", "README.zh-CN.md", "docs/three-hosts.md"])
    func documentsShowIt(file: String) throws {
        let shown = try Self.text(file).matches(of: /mqantserver ([0-9][0-9.]*) starting up/).map { $0.output.1 }
        #expect(!shown.isEmpty)
        for version in shown { #expect(version == Server.frameworkVersion) }
    }

    @Test func itIsSupported() throws {
        let minor = Server.frameworkVersion.split(separator: ".").prefix(2).joined(separator: ".")
        #expect(try Self.text("SECURITY.md").contains("| \(minor) | yes |"))
    }
}
