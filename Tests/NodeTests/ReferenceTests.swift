import Foundation
import Testing

@testable import MqantConfiguration
@testable import MqantDemo
@testable import MqantLogin
@testable import MqantServer

/// The tables of server.conf in both languages: the readers take what they say, and nothing beyond.
@Suite("The reference of server.conf")
struct ReferenceTests {
    private static let documents = ["docs/configuration.md", "docs/configuration.zh-CN.md"]

    /// A row such as ``| `MaxGroups` | 64, 1 to 10000 | … |``.
    private struct Row {
        var section: String
        var keys: [String]
        /// The least and the greatest value; nil where the row names no range.
        var range: (least: String, most: String)?
    }

    /// The tables of a document by the English or Chinese name of their section.
    private static let sections = [
        "The file": "file", "文件": "file", "An entry of `Module`": "entry", "Module 的条目": "entry", "RPC": "RPC",
        "Mqtt": "Mqtt", "Rabbitmq": "Rabbitmq", "Settings of a Gate": "Gate", "Gate 的 Settings": "Gate",
        "Settings of a Web": "Web", "Web 的 Settings": "Web",
        "Settings of a Login": "Login", "Login 的 Settings": "Login", "Accounts of a Login": "Accounts",
        "Login 的 Accounts": "Accounts",
    ]

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func rows(of file: String) throws -> [Row] {
        let text = try String(contentsOf: root.appendingPathComponent(file), encoding: .utf8)
        var section: String?
        var rows: [Row] = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("##") { section = sections[String(line.drop { $0 == "#" }.dropFirst())] }
            let cells = line.split(separator: "|")
            guard let section, cells.count == 3 else { continue }
            let keys = cells[0].matches(of: /`([A-Za-z]+)`/).map { String($0.output.1) }
            guard !keys.isEmpty else { continue }
            let range = cells[1].firstMatch(of: /([0-9.]+) ?(?:to|至) ?([0-9.]+)/)
            rows.append(
                Row(section: section, keys: keys, range: range.map { (String($0.output.1), String($0.output.2)) }))
        }
        return rows
    }

    /// The keys that a reader asks for.
    private static func keys<Value>(_ read: (inout SettingsReader) -> Value) throws -> Set<String> {
        var reader = try SettingsObject(text: "{}").reader
        _ = read(&reader)
        return Set(reader.knownKeys)
    }

    /// The words in quotation marks of a reader's source that are no more than that: its keys.
    private static func words(of file: String) throws -> Set<String> {
        let source = root.appendingPathComponent("Sources/Configuration/\(file)")
        let text = try String(contentsOf: source, encoding: .utf8)
        return Set(text.matches(of: /"([A-Za-z]+)"/).map { String($0.output.1) })
    }

    @Test("keys are those of the readers", arguments: documents)
    func keys(file: String) throws {
        let rows = try Self.rows(of: file)
        let documented = Dictionary(grouping: rows, by: \.section).mapValues { Set($0.flatMap(\.keys)) }
        #expect(
            documented == [
                "file": try Self.words(of: "ServerConfiguration.swift"),
                "entry": try Self.words(of: "ModuleSection.swift"),
                "RPC": try Self.keys { RPCOptions(&$0) },
                "Mqtt": try Self.keys { MQTTOptions(&$0) },
                "Rabbitmq": try Self.keys { RabbitMQSection(&$0) },
                "Gate": try Self.keys { Gate.Settings(reading: &$0) },
                "Web": try Self.keys { Web.Settings(reading: &$0) },
                "Login": try Self.keys { Login.Settings(reading: &$0) },
                "Accounts": try Self.keys { AccountSettings(&$0) },
            ])
    }

    /// The keys at fault in a file with one setting.
    private func faults(_ section: String, _ key: String, _ value: String) -> [String] {
        let setting = "\"\(key)\": \(value)"
        let modules = [
            "Gate": ("Gate", "\"TCPAddr\": \":0\", \(setting)"), "Web": ("Web", setting),
            "Accounts": ("Login", "\"Accounts\": { \"File\": \"x\", \(setting) }"),
        ]
        let (type, settings) = modules[section] ?? ("Chat", "")
        let text = """
            { "Module": { "\(type)": [ { "Id": "x", "Host": "::1", "Settings": { \(settings) } } ] }
                \(modules[section] == nil ? ", \"\(section)\": { \(setting) }" : "") }
            """
        do throws(ConfigurationError) {
            _ = try MqantDemo.program.placement(.text(text), host: "10.0.0.1")
            return []
        } catch {
            return error.faults.map(\.keyPath)
        }
    }

    @Test("ranges are those of the readers", arguments: documents)
    func ranges(file: String) throws {
        let rows = try Self.rows(of: file).filter { ["RPC", "Mqtt", "Gate", "Web", "Accounts"].contains($0.section) }
        let counts = Dictionary(grouping: rows.filter { $0.range != nil }, by: \.section).mapValues(\.count)
        #expect(counts == ["RPC": 4, "Mqtt": 4, "Gate": 11, "Web": 3, "Accounts": 6])
        for row in rows {
            guard let range = row.range else { continue }
            for key in row.keys {
                for value in [range.least, range.most] {
                    let faults = faults(row.section, key, value)
                    #expect(faults.isEmpty, "\(key): \(value)")
                }
                for value in ["-1", range.most + "1"] {
                    let faults = faults(row.section, key, value)
                    #expect(faults.count == 1 && faults.allSatisfy { $0.hasSuffix(key) }, "\(key): \(value) \(faults)")
                }
            }
        }
    }
}
