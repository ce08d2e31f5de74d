import Foundation
import Testing

/// Links to the documentation, in comments and in the documents themselves, lead to what is there.
@Suite struct DocumentLinkTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Files of the repository below some folders, with these endings.
    private static func files(_ folders: [String], _ endings: Set<String>) -> [URL] {
        folders.flatMap { folder in
            let tree = FileManager.default.enumerator(
                at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil,
                options: [.skipsHiddenFiles])
            return (tree?.allObjects as? [URL] ?? []).filter { endings.contains($0.pathExtension) }
        }
    }

    /// The anchors of a document: those of its headings, as GitHub makes them, and those that it sets itself.
    private static func anchors(of document: URL) throws -> Set<String> {
        let text = try String(contentsOf: document, encoding: .utf8)
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
            line.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
                .filter { $0.isLetter || $0.isNumber || $0 == " " || $0 == "-" || $0 == "_" }
                .replacing(" ", with: "-")
        }
        return Set(headings + text.matches(of: /<a id="([^"]+)">/).map { String($0.output.1) })
    }

    @Test func commentsLeadToHeadings() throws {
        var count = 0
        for file in Self.files(["Sources", "Tests", "scripts", "Examples"], ["swift", "py", "sh", "md"]) {
            guard !file.path.contains("/.") else { continue }
            let text = try String(contentsOf: file, encoding: .utf8)
            for link in text.matches(of: /\b(docs\/[a-z-]+\.md)#([a-z0-9_-]+)/) {
                count += 1
                let anchors = try Self.anchors(of: Self.root.appendingPathComponent(String(link.output.1)))
                #expect(anchors.contains(String(link.output.2)), "\(file.lastPathComponent): \(link.output.0)")
            }
        }
        #expect(count > 20)
    }

    @Test func documentsLeadToDocuments() throws {
        var count = 0
        let documents =
            Self.files(["docs", "Examples"], ["md"])
            + ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].map(
                Self.root.appendingPathComponent)
        for document in documents {
            let text = try String(contentsOf: document, encoding: .utf8)
            for link in text.matches(of: /\]\(([^)#: ]*)(?:#([^) ]+))?\)/) {
                count += 1
                let path = String(link.output.1)
                let target =
                    path.isEmpty ? document : document.deletingLastPathComponent().appendingPathComponent(path)
                #expect(
                    FileManager.default.fileExists(atPath: target.path), "\(document.lastPathComponent): \(path)")
                guard let anchor = link.output.2, target.pathExtension == "md" else { continue }
                #expect(
                    try Self.anchors(of: target).contains(String(anchor)),
                    "\(document.lastPathComponent): \(path)#\(anchor)")
            }
        }
        #expect(count > 50)
    }
}
