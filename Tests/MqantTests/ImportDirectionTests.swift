import Foundation
import Testing

/// Who may know whom, by the imports of each folder below `Sources`: docs/architecture.md#layers.
@Suite struct ImportDirectionTests {
    /// The targets of this package that the files of a folder may import.
    private static let allowed: [String: Set<String>] = [
        "AMQPURI": [],
        "Configuration": ["MqantAMQPURI"],
        "RPC": [],
        "MQTT": [],
        "Mqant": ["MqantConfiguration", "MqantRPC"],
        "RabbitMQ": ["CMqantRabbitMQ", "MqantAMQPURI"],
        "RPCRabbitMQ": ["MqantAMQPURI", "MqantRPC", "MqantRabbitMQ"],
        "Modules/Gate": ["Mqant", "MqantConfiguration", "MqantMQTT", "MqantRPC"],
        "Modules/Web": ["Mqant", "MqantConfiguration"],
        "Modules/Login": ["Mqant", "MqantAccounts"],
        "Modules/Chat": ["Mqant"],
        "Server": [
            "Mqant", "MqantConfiguration", "MqantGate", "MqantRPC", "MqantRPCRabbitMQ", "MqantRabbitMQ", "MqantWeb",
        ],
        "Testing": ["Mqant", "MqantConfiguration", "MqantGate", "MqantRPC", "MqantServer"],
        "Accounts": ["Mqant"],
        "Node": ["MqantAccounts", "MqantChat", "MqantLogin", "MqantServer"],
    ]

    /// Folders whose files may do no input and output over a network.
    private static let withoutNetwork: Set<String> = ["AMQPURI", "Configuration"]

    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

    @Test(arguments: allowed.keys.sorted())
    func aFolderImportsWhatItMayKnow(folder: String) throws {
        let tree = FileManager.default.enumerator(
            at: Self.sources.appendingPathComponent(folder), includingPropertiesForKeys: nil)
        let files = (tree?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }
        #expect(!files.isEmpty)
        for file in files {
            let text = try String(contentsOf: file, encoding: .utf8)
            // Those within #if are indented. Further to the right stands text: the templates of `mqantserver new`.
            let imports = /(?m)^ {0,4}(?:@\w+ )*(?:\w+ )?import (?:struct |class |enum |protocol )?(\w+)/
            for match in text.matches(of: imports) {
                let module = String(match.output.1)
                let isOurs = module.contains("Mqant")
                #expect(
                    !isOurs || Self.allowed[folder]?.contains(module) == true, "\(file.lastPathComponent): \(module)")
                #expect(
                    !module.hasPrefix("NIO") || !Self.withoutNetwork.contains(folder),
                    "\(file.lastPathComponent): \(module)")
            }
        }
    }

    /// A new folder of sources needs a line above.
    @Test func everyFolderHasALine() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Self.sources.path)
        let modules = try FileManager.default.contentsOfDirectory(
            atPath: Self.sources.appendingPathComponent("Modules").path)
        let all = folders.filter { !["CRabbitMQ", "Modules"].contains($0) } + modules.map { "Modules/\($0)" }
        #expect(Set(all) == Set(Self.allowed.keys))
    }
}
