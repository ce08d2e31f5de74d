import FoundationEssentials
import Glibc
import MqantServer

/// What a new package depends on.
enum FrameworkSource: Sendable {
    /// A checkout of mqantserver: its folder, absolute.
    case checkout(String)
    /// A repository of mqantserver: its URL.
    case repository(String)

    /// - Parameters:
    ///   - option: what the command line names; nil: nothing.
    ///   - environment: `MQANTSERVER` counts next, then the checkout that holds this program.
    /// - Throws: `NewError` if that is no checkout, or nothing is known.
    static func find(option: String?, environment: [String: String]) throws(NewError) -> FrameworkSource {
        if let named = option ?? environment["MQANTSERVER"] {
            return isURL(named) ? .repository(try checked(named)) : .checkout(try checkout(at: named))
        }
        guard let folder = ownCheckout else {
            throw NewError("where is mqantserver? Name its checkout or its repository: --mqantserver FOLDER or URL")
        }
        return .checkout(try checked(folder))
    }

    private static func isURL(_ text: String) -> Bool { text.contains("://") || text.hasPrefix("git@") }

    private static func checkout(at path: String) throws(NewError) -> String {
        guard let folder = resolved(path), isCheckout(folder) else {
            throw NewError(
                "\(TerminalText.line(path)) is no checkout of mqantserver: it has no Package.swift of that name")
        }
        return try checked(folder)
    }

    /// The checkout that this program was built in: above its own file.
    private static var ownCheckout: String? {
        guard var folder = resolved("/proc/self/exe")?[...] else { return nil }
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = folder[..<slash]
            if isCheckout(String(folder)) { return String(folder) }
        }
        return nil
    }

    private static func isCheckout(_ folder: String) -> Bool {
        guard let manifest = try? String(contentsOfFile: "\(folder)/Package.swift", encoding: .utf8) else {
            return false
        }
        return manifest.contains("name: \"mqantserver\"")
    }

    /// The path without symbolic links; nil if nothing is there.
    private static func resolved(_ path: String) -> String? {
        guard let pointer = realpath(path, nil) else { return nil }
        defer { free(pointer) }
        return String(validatingCString: pointer)
    }

    /// It is to stand in files of several languages, quoted: as it is.
    private static func checked(_ text: String) throws(NewError) -> String {
        guard TerminalText.line(text) == text, !text.contains(where: { "\"\\$#".contains($0) }) else {
            throw NewError("\(TerminalText.line(text)) has a character that cannot stand in the package's files")
        }
        return text
    }
}
