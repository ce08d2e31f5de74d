import Mqant
import Testing

@testable import MqantDemo
@testable import MqantServer

/// What people bring from mqant is read by the readers of the program's own modules.
@Suite("Files of mqant")
struct MqantFilesTests {
    private func load(_ text: String) throws(ConfigurationError) -> Placement {
        try MqantDemo.program.placement(.text(text), host: "10.0.0.1")
    }

    @Test("each of its history is taken, or has a fault that it had with mqant", arguments: MqantFiles.all)
    func history(file: MqantFiles.File) throws {
        do throws(ConfigurationError) {
            let placement = try load(file.text)
            #expect(file.faults.isEmpty)
            for type in ["Gate", "Login", "Chat"] {
                let absent = placement.rows.filter { $0.entry.type == type && !$0.startsHere }
                #expect(absent.isEmpty, "\(placement)")
            }
            #expect(!placement.description.contains("secret"))
        } catch {
            #expect(error.faults.map(\.keyPath) == file.faults, "\(error)")
        }
    }

    @Test("what is not used is told of, each key once")
    func notes() throws {
        let file = try #require(MqantFiles.all.first { $0.name == "structures of all versions" })
        let keys = try load(file.text).notes.map(\.keyPath)
        #expect(
            keys.sorted() == [
                "BI", "Log", "Master", "Module.Gate[0].ProcessID", "Module.Gate[0].Redis", "Module.Gate[0].UDP", "OP",
                "rpc.Log", "rpc.SessionRedisUrl", "rpc.UDPMaxPacketSize",
            ])
    }

    @Test("Cert and Key of 1.0.0 are the certificate's files")
    func certificate() throws {
        let text = """
            { "Module": { "Gate": [ { "Id": "g", "Host": "127.0.0.1",
                "Settings": { "TCPAddr": ":3563", "Tls": true, "Cert": "c.pem", "Key": "k.pem" } } ] } }
            """
        #expect(try load(text).starting.count == 1)
        for key in ["Cert", "Key"] {
            let missing = text.replacing(#", "\#(key)": "\#(key.lowercased().prefix(1)).pem""#, with: "")
            let error = #expect(throws: ConfigurationError.self) { try load(missing) }
            #expect(error?.faults.map(\.message) == ["needs CertFile and KeyFile"])
        }
    }

    @Test("the real program checks the demo's first file")
    func check() async throws {
        let file = try #require(MqantFiles.all.first)
        try await ServerProcess.withConfiguration(file.text) { path in
            let result = try await ServerProcess(["check", "--conf", path]).result()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("3 of 3 entries start here."))
        }
    }
}
