import FoundationEssentials
public import Mqant

/// A Web's `Settings`.
public struct WebSettings: ModuleSettings {
    /// Where HTTP is spoken.
    var address: ListenAddress
    /// The folder that is served; a relative one is looked for in the working directory.
    var root: String
    /// The path under which its files stand, with a slash at both ends.
    var path: String
    /// How many connections may be open at a time; further ones are closed at once.
    var maximumConnections: Int
    /// How long a request may take to come in, from the connection's beginning or the answer before.
    var requestTimeout: Duration
    /// How long a client may take for the next 128 KiB of an answer.
    var writeTimeout: Duration

    /// Threads that serve connections.
    static let eventLoops = 1

    /// Reads `Settings` of a Web: docs/configuration.md#settings-of-a-web.
    public init(reading settings: inout SettingsReader) {
        path = settings.string("Path", default: "/mqant/")
        let fallback = ListenAddress(port: 8080)
        address =
            settings.listenAddress("Addr", as: "HTTP", default: fallback, check: .http("\(path)index.html")) ?? fallback
        root = settings.string("Root", default: "clients/web")
        maximumConnections = settings.int("MaxConnNum", in: 1...10_000_000, default: 1000)
        let times: ClosedRange<Duration> = .milliseconds(100) ... .seconds(3600)
        requestTimeout = settings.duration("HTTPTimeout", in: times, default: .seconds(10))
        writeTimeout = settings.duration("WriteTimeout", in: times, default: .seconds(30))
        // Each has a file open while it is sent.
        settings.announce(
            DescriptorDemand(loops: Self.eventLoops, connections: maximumConnections, perConnection: 2))
        if !path.hasPrefix("/") || !path.hasSuffix("/") {
            settings.fault(at: "Path", "must begin and end with a slash")
        }
    }

    /// - Throws: `WebError` if the folder has no page.
    func checkRoot() throws {
        guard FileManager.default.fileExists(atPath: "\(root)/index.html") else {
            let place = root.hasPrefix("/") ? root : "\(root) of \(FileManager.default.currentDirectoryPath)"
            throw WebError(description: "there is no index.html in \(place): name the page's folder with Root")
        }
    }
}

/// What keeps the page from being served.
struct WebError: Error, CustomStringConvertible {
    let description: String
}
