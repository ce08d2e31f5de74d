import Foundation
import GRDB

@testable import MqantAccounts

/// A folder of a test's own, removed with the value.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("accounts-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    func file(_ name: String = "accounts.sqlite") -> String { "\(path)/\(name)" }
}

extension AccountStore {
    /// Changes a file as nothing in the program does.
    func write(_ body: (Database) throws -> Void) throws {
        try using { try $0.write { try body($0) } }
    }
}
