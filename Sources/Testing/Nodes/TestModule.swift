import Mqant

/// An instance that a test's node has: an entry of its `server.conf`.
struct TestModule: Sendable {
    var module: any Module.Type
    var id: InstanceID
    /// JSON, as in `server.conf`.
    var settings: String

    /// - Parameter id: nil: `test:` and the type.
    init(_ module: any Module.Type, id: InstanceID? = nil, settings: String = "{}") {
        self.module = module
        self.id = id ?? InstanceID("test:\(module.type)")
        self.settings = settings
    }

    var isGate: Bool { module == TestGate.self }

    var entry: String { #""\#(module.type)": [ { "Id": "\#(id)", "Host": "127.0.0.1", "Settings": \#(settings) } ]"# }
}
