import Foundation
import Testing

/// What docs/testing.md shows is what the tests of MqantTesting run.
@Suite struct DocumentSampleTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Lines without the indentation that all of them share.
    private static func dedented(_ lines: [Substring]) -> [Substring] {
        let indentation = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { $0.dropFirst(indentation) }
    }

    @Test func theTestsThatTheDocumentShowsAreRun() throws {
        let code = try Self.text("Tests/TestingTests/DocumentedTests.swift")
            .split(separator: "\n", omittingEmptySubsequences: false)
        let samples = try Self.text("docs/testing.md").matches(of: /```swift\n((?:.|\n)*?)```\n/).map { match in
            match.output.1.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        }
        #expect(samples.count >= 5)
        for sample in samples {
            let places = code.indices.filter { $0 + sample.count <= code.count }
            let isThere = places.contains { Self.dedented(Array(code[$0..<$0 + sample.count])) == Array(sample) }
            #expect(isThere, "no test looks so:\n\(sample.joined(separator: "\n"))")
        }
    }
}
