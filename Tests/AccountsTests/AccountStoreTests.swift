import Foundation
import GRDB
import Mqant
import Testing

@testable import MqantAccounts

/// A file of accounts, for real.
@Suite(.timeLimit(.minutes(1))) struct AccountStoreTests {
    private let folder: Folder
    private let ada: UserName
    private let hash: PasswordHash

    init() throws {
        folder = try Folder()
        ada = try UserName("Ada")
        hash = try PasswordHash(of: Password("secret"), cost: ScryptCost(logN: 10))
    }

    private func open(_ user: AccountStore.User = .server) throws(AccountError) -> AccountStore {
        try AccountStore(folder.file(), for: user)
    }

    /// What opening the file fails with.
    private func failure(_ user: AccountStore.User = .server, _ path: String? = nil) -> String? {
        do {
            _ = try AccountStore(path ?? folder.file(), for: user)
            return nil
        } catch {
            return error.message
        }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func accountsStayInTheFile() throws {
        var store = try open()
        try store.add(ada, hash)
        store.close()
        store = try open()
        let account = try #require(try store.account(ada))
        #expect(account.name == "Ada")
        #expect(account.hash == hash.text)
        #expect(!account.isDisabled)
        #expect(account.created == account.changed)
        #expect(abs(Double(account.created) - Date().timeIntervalSince1970) < 3600)
        #expect(try store.account(UserName("ada")) == nil)
        #expect(try store.account(UserName("Ada'; DROP TABLE account; --")) == nil)
        #expect(try store.all() == [account])
    }

    @Test func onlyItsOwnerReadsIt() throws {
        let former = umask(0)
        defer { umask(former) }
        let store = try open()
        try store.add(ada, hash)
        #expect(try mode(folder.file()) == 0o600)
        #expect(try mode(folder.file() + ".lock") == 0o600)
        store.close()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.file())
        _ = try open()
        #expect(try mode(folder.file()) == 0o600)
    }

    @Test func anAccountIsChanged() throws {
        let store = try open()
        try store.add(ada, hash)
        #expect(throws: AccountError(.taken, "there is an account Ada already")) { try store.add(ada, hash) }
        try store.setDisabled(ada, true)
        #expect(try store.account(ada)?.isDisabled == true)
        try store.setDisabled(ada, false)
        #expect(try store.account(ada)?.isDisabled == false)
        let other = try PasswordHash(of: Password("other"), cost: ScryptCost(logN: 10))
        try store.setHash(ada, other, former: "another hash")
        #expect(try store.account(ada)?.hash == hash.text, "somebody else was faster")
        try store.setHash(ada, other, former: hash.text)
        #expect(try store.account(ada)?.hash == other.text)
        try store.setHash(ada, hash)
        #expect(try store.account(ada)?.hash == hash.text)
        try store.remove(ada)
        #expect(try store.account(ada) == nil)
        let unknown = AccountError(.unknown, "there is no account Ada")
        #expect(throws: unknown) { try store.remove(ada) }
        #expect(throws: unknown) { try store.setDisabled(ada, true) }
        #expect(throws: unknown) { try store.setHash(ada, hash) }
        try store.add(ada, hash)
    }

    @Test func thereMayBeSoMany() throws {
        let store = try open()
        for name in ["a", "b"] { try store.add(UserName(name), hash, maximum: 2) }
        #expect(throws: AccountError(.tooMany, "there are 2 accounts, and no more are allowed")) {
            try store.add(UserName("c"), hash, maximum: 2)
        }
    }

    @Test func oneServerHasIt() throws {
        let store = try open()
        let message = "another server uses this file (process \(getpid())): give each a file of its own"
        #expect(failure()?.hasSuffix(message) == true)
        // By another name as well.
        try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file())
        #expect(failure(.server, folder.file("link"))?.hasSuffix(message) == true)
        store.close()
        #expect(failure() == nil)
    }

    @Test func commandsWorkBesideAServer() throws {
        let server = try open()
        let command = try open(.command)
        try command.add(ada, hash)
        #expect(try server.account(ada) != nil)
        try server.setDisabled(ada, true)
        #expect(try command.account(ada)?.isDisabled == true)
        command.close()
        #expect(failure()?.contains("another server") == true, "the server has its lock as before")
    }

    @Test func aCommandMakesTheFileOnlyIfItIsToAddSomebody() throws {
        #expect(failure(.command)?.hasSuffix("there is no such file; the first account that is added makes it") == true)
        #expect(!FileManager.default.fileExists(atPath: folder.file()))
        try open(.makingCommand).add(ada, hash)
        #expect(try mode(folder.file()) == 0o600)
        #expect(try open().account(ada) != nil)
    }

    @Test func whereNoFileCanBeIsTold() throws {
        #expect(failure(.server, "")?.hasSuffix("this is no path of a file") == true)
        #expect(failure(.server, "a\0b")?.hasSuffix("this is no path of a file") == true)
        #expect(failure(.server, folder.path)?.hasSuffix("this is no regular file") == true)
        #expect(failure(.server, "/dev/null")?.hasSuffix("this is no regular file") == true)
        #expect(failure(.server, folder.file("none/x"))?.hasSuffix("its folder: No such file or directory") == true)
        #expect(failure(.server, folder.file("x/"))?.hasSuffix("this is no path of a file") == true)
        #expect(failure(.server, "/sys/x")?.contains("/sys/x") == true)
        #expect(failure(.server, folder.file("a\nb\u{1b}/x"))?.contains(#"a\nb\u{1b}/x: its folder"#) == true)
    }

    @Test func aFileOfAnotherProgramIsLeftAsItIs() throws {
        let other = try DatabaseQueue(path: folder.file())
        try other.write { try $0.execute(sql: "CREATE TABLE cookie (x)") }
        try other.close()
        #expect(failure()?.hasSuffix("this is a database of another program") == true)
        let text = try DatabaseQueue(path: folder.file()).read {
            try String.fetchAll($0, sql: "SELECT name FROM sqlite_schema")
        }
        #expect(text == ["cookie"])
    }

    @Test func aFileOfANewerVersionIsLeftAsItIs() throws {
        try open().add(ada, hash)
        let newer = try DatabaseQueue(path: folder.file())
        try newer.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('accounts 99')") }
        try newer.close()
        for user in [AccountStore.User.server, .command] {
            #expect(failure(user)?.hasSuffix("a newer version of mqantserver made this file; use that one") == true)
        }
    }

    @Test func aBrokenFileIsTold() throws {
        try Data("This is no database, but a text of some length.".utf8).write(to: URL(fileURLWithPath: folder.file()))
        #expect(failure()?.contains("the file is broken") == true)
        #expect(failure(.command)?.contains("the file is broken") == true)
    }

    /// Bytes in the middle, as a disk loses them: told at the start, or as long as it is not read in vain.
    @Test func noBrokenPageEndsTheProcess() throws {
        let store = try open()
        for number in 0..<500 { try store.add(UserName("user \(number)"), hash) }
        store.close()
        let whole = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
        #expect(whole.count > 40_000)
        var refused = 0
        for offset in stride(from: 0, to: whole.count, by: 1777) {
            var broken = whole
            broken.replaceSubrange(
                offset..<min(offset + 700, whole.count),
                with: Data(repeating: 0xa5, count: min(700, whole.count - offset)))
            let path = folder.file("broken-\(offset)")
            try broken.write(to: URL(fileURLWithPath: path))
            do {
                _ = try AccountStore(path, for: .server)
            } catch {
                refused += 1
            }
            // A command looks at what it needs only.
            if let store = try? AccountStore(path, for: .command) {
                _ = try? store.all()
                _ = try? store.account(UserName("user 250"))
                _ = try? store.setDisabled(UserName("user 250"), true)
            }
        }
        #expect(refused > 10)
        for length in [0, 2, 100, 4096, 20_000] {
            let path = folder.file("short-\(length)")
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect((failure(.server, path) == nil) == (length == 0), "\(length)")
        }
    }

    @Test func valuesOfOtherTypesAreNoAccounts() throws {
        let store = try open()
        try store.write { database in
            try database.execute(sql: "DROP TABLE account")
            try database.execute(sql: "CREATE TABLE account (name, hash, isDisabled, created, changed)")
            try database.execute(sql: "INSERT INTO account VALUES ('Ada', NULL, 'no', x'00', 1.5)")
        }
        #expect(throws: AccountError.self) { try store.account(ada) }
        #expect(throws: AccountError.self) { try store.all() }
    }

    @Test func aFullDiskIsTold() throws {
        let store = try open()
        try store.write { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages)")
        }
        var message = ""
        for name in try (0..<500).map({ try UserName("user \($0)") }) where message.isEmpty {
            do throws(AccountError) {
                try store.add(name, hash)
            } catch {
                message = error.message
            }
        }
        #expect(message == "\(store.path): the disk is full, or the file may not grow")
        #expect(try store.all().count > 1, "what is there can be read")
    }

    @Test func aFileThatSomebodyKeepsLockedIsTold() throws {
        let store = try open()
        let other = try DatabaseQueue(path: folder.file())
        try other.inDatabase { database in
            try database.execute(sql: "BEGIN EXCLUSIVE")
            #expect(throws: AccountError.unusable(store.path, "another process keeps the file locked")) {
                try store.account(ada)
            }
            try database.execute(sql: "ROLLBACK")
        }
        #expect(try store.account(ada) == nil)
    }

    @Test func afterItsEndItSaysSo() throws {
        let store = try open()
        store.close()
        #expect(throws: AccountError.self) { try store.account(ada) }
    }
}
