import Foundation
import Testing

/// Documents in two languages say the same in the same order, as far as a machine can tell.
@Suite struct TwinTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let twins = ["README", "docs/configuration", "docs/first-server"]

    /// What is the same in every language, line by line.
    private struct Outline: Equatable {
        var headings: [Int] = []
        /// Of the cells of tables, what stands in backquotes.
        var rows: [[String]] = []
        var links: [String] = []
        var code: [String] = []

        init(_ text: String) {
            for line in text.split(separator: "\n") {
                if line.hasPrefix("#") { headings.append(line.prefix { $0 == "#" }.count) }
                if line.hasPrefix("|") { rows.append(line.matches(of: /`[^`]+`/).map { String($0.output) }.sorted()) }
                // Those within the document are in its language.
                for link in line.matches(of: /\]\(([^)#]+)[^)]*\)/) {
                    links.append(String(link.output.1).replacing(".zh-CN.md", with: ".md"))
                }
                // Comments are in the document's language.
                if line.hasPrefix("    ") { code.append(String(line.split(separator: "  #").first ?? "")) }
            }
        }
    }

    private static func outline(of file: String) throws -> Outline {
        Outline(try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8))
    }

    @Test(arguments: twins)
    func haveOneOutline(document: String) throws {
        let english = try Self.outline(of: "\(document).md")
        let chinese = try Self.outline(of: "\(document).zh-CN.md")
        #expect(english.headings == chinese.headings)
        #expect(english.rows == chinese.rows)
        #expect(english.links.sorted() == chinese.links.sorted())
        #expect(english.code.count == chinese.code.count)
        for (line, twin) in zip(english.code, chinese.code)
        where line.allSatisfy(\.isASCII) && twin.allSatisfy(\.isASCII) {
            #expect(line == twin)
        }
    }

    @Test(arguments: ["README.md", "README.zh-CN.md"])
    func theReadmeIsShort(file: String) throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent(file), encoding: .utf8)
        #expect(text.split(separator: "\n", omittingEmptySubsequences: false).count < 200)
    }
}
