import Foundation
import Testing

/// The README's module is that of `Examples/greeter`, whose own tests run it.
@Suite struct GreeterTests {
    @Test(arguments: ["README.md", "README.zh-CN.md"])
    func theDocumentsShowTheExample(document: String) throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let example = root.appendingPathComponent("Examples/greeter")
        let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
        for file in ["Sources/Greeter/Greeter.swift", "Sources/greeter-server/GreeterServer.swift"] {
            let code = try String(contentsOf: example.appendingPathComponent(file), encoding: .utf8)
            #expect(text.contains("```swift\n\(code)```\n"), "\(document) does not show \(file)")
        }
    }
}
