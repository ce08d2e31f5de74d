import FoundationEssentials
import Mqant

/// A Web's `Settings`.
struct WebConfiguration: Sendable {
    /// Where HTTP is spoken.
    var address: ListenAddress
    /// The folder that is served; a relative one is looked for in the working directory.
    var root: String
    /// The path under which its files stand, with a slash at both ends.
    var path: String

    init(reading settings: inout SettingsReader) {
        path = settings.string("Path", default: "/mqant/")
        let fallback = ListenAddress(port: 8080)
        address =
            settings.listenAddress("Addr", as: "HTTP", default: fallback, check: .http("\(path)index.html")) ?? fallback
        root = settings.string("Root", default: "clients/web")
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
