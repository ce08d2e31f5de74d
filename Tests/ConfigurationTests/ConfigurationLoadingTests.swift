import FoundationEssentials
import Testing

@testable import MqantConfiguration

@Suite("Reading the file")
struct ConfigurationLoadingTests {
    /// A folder that is gone afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/mqant-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("loads a file, with the environment of the process where none is given")
    func loads() throws {
        try withFolder { folder in
            let path = "\(folder)/server.conf"
            let text = "\u{FEFF}{Module: {A: [{Id: 'a', Host: '127.0.0.1', Settings: {P: '${PATH}'}}]}}"
            try Data(text.utf8).write(to: URL(filePath: path))
            let search = try #require(ProcessInfo.processInfo.environment["PATH"])
            func value(_ configuration: ServerConfiguration) throws -> String? {
                try configuration.modules.first?.settings.read { $0.string("P") }
            }
            #expect(try value(ServerConfiguration.load(path: path)) == search)
            let given = try ServerConfiguration.load(path: path, environment: ["PATH": "x"])
            #expect(try value(given) == "x")
            #expect(given.file == path)
        }
    }

    @Test("a file that cannot be read is one fault that says what to do")
    func unreadable() throws {
        try withFolder { folder in
            for (path, message) in [
                ("\(folder)/none.conf", "there is no such file; name the configuration with --conf FILE"),
                ("\(folder)/none/server.conf", "there is no such file; name the configuration with --conf FILE"),
                (folder, "this is a folder; name the file in it with --conf FILE"),
            ] {
                let error = #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(path: path) }
                #expect(error?.description == "\(path): \(message)")
            }
            let empty = #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(path: "") }
            #expect(empty?.faults.first?.file == "\"\"")
        }
    }

    @Test("reading ends at the bound, even where the file does not")
    func endless() {
        let error = #expect(throws: ConfigurationError.self) { try ServerConfiguration.load(path: "/dev/zero") }
        #expect(error?.faults.first?.message == "the file is larger than 1048576 bytes")
    }
}
