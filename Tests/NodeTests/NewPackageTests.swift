import Foundation
import MqantRabbitMQTestSupport
import Testing

/// `mqantserver new`: what it writes, and what it refuses. That the package builds and passes its test: scripts/test-examples.
@Suite(.timeLimit(.minutes(2))) struct NewPackageTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A folder of its own for the length of `body`.
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("new-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    /// All files below a folder, by their paths in it.
    private func files(_ folder: URL) throws -> [String: String] {
        var files: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
            let file = folder.appendingPathComponent(path)
            guard try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { continue }
            files[path] = try String(contentsOf: file, encoding: .utf8)
        }
        return files
    }

    private func new(
        _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> ServerProcess.Result {
        try await ServerProcess(["new"] + arguments, environment: environment).result()
    }

    @Test func itWritesAPackage() async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("my-game")
            let result = try await new(["my-game", "--path", path.path])
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.isEmpty)
            #expect(result.output.hasSuffix("\n  swift test\n  swift run my-game-server\n"))
            let files = try files(path)
            #expect(
                files.keys.sorted() == [
                    ".dockerignore", ".gitignore", "Dockerfile", "Package.swift", "README.md",
                    "Sources/MyGame/MyGame.swift", "Sources/my-game-server/MyGameServer.swift",
                    "Tests/MyGameTests/MyGameTests.swift", "conf/server.conf", "docker-compose.yml",
                ])
            let manifest = try #require(files["Package.swift"])
            #expect(manifest.contains(#"?? "\#(Self.root.path)", traits: [])"#), "the checkout of this program")
            #expect(
                try #require(files["README.md"]).split(separator: "\n", omittingEmptySubsequences: false).count <= 11)
            for (name, text) in files {
                #expect(text.hasSuffix("\n") && !text.hasSuffix("\n\n"), "\(name)")
                #expect(!text.contains(" \n"), "\(name)")
            }
        }
    }

    @Test func theConfigurationIsRightForItsModules() async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("dice").path
            #expect(try await new(["dice", "--path", path]).status == 0)
            // This program has no Dice, and says so; all else is in order.
            let result = try await ServerProcess(["check", "--conf", "\(path)/conf/server.conf"]).result()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("MQTT over TCP :3563"))
            #expect(result.output.contains("127.0.0.1:Dice"))
        }
    }

    /// No secret beside the package gets into a layer, and the image has the versions that were tested.
    @Test func theImageIsMadeOfWhatTheDockerfileCopies() async throws {
        try await withFolder { folder in
            #expect(try await new(["dice", "--path", folder.path]).status == 0)
            let files = try files(folder)
            let copied = try #require(files["Dockerfile"]).matches(of: /(?m)^COPY ([^-\n].*) \S+$/)
                .flatMap { $0.output.1.split(separator: " ") }.map { $0.replacing("*", with: "") }
            let sent = try #require(files[".dockerignore"]).matches(of: /(?m)^!(.+)$/).map(\.output.1)
            #expect(copied.sorted() == sent.sorted())
            #expect(copied.contains("Package.resolved"))
        }
    }

    @Test func byDefaultItIsWrittenIntoTheWorkingDirectory() async throws {
        try await withFolder { folder in
            let output = try OutputReader()
            let program = try ChildProcess(
                ["/bin/sh", "-c", #"cd "$1" && exec "$0" new dice-server"#, ServerProcess.binary.path, folder.path],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(await program.waitForExit() == 0)
            let files = try files(folder.appendingPathComponent("dice-server"))
            #expect(files["Sources/dice-server/DiceServer.swift"] != nil, "no server of a server")
            #expect(files["Sources/Dice/Dice.swift"] != nil)
        }
    }

    @Test func anEmptyFolderIsTakenAndNoOther() async throws {
        try await withFolder { folder in
            #expect(try await new(["dice", "--path", folder.path]).status == 0)
            let before = try files(folder)
            #expect(before.count == 10)
            let again = try await new(["cards", "--path", folder.path])
            #expect(again.status == 64)
            #expect(
                again.errors == "mqantserver new: \(folder.path) is there already, and not empty: nothing was written\n"
            )
            #expect(again.output.isEmpty)
            #expect(try files(folder) == before)
            let file = folder.appendingPathComponent("README.md").path
            let onFile = try await new(["cards", "--path", file])
            #expect(onFile.status == 64)
            #expect(onFile.errors == "mqantserver new: \(file) is there already, and not empty: nothing was written\n")
            #expect(try files(folder) == before)
        }
    }

    @Test(arguments: [
        "", "../x", "a/b", "9dice", "-dice", "dice-", "a--b", "my game", "würfel", "a.b", "a_b", "a\nb", "\u{202e}x",
    ])
    func namesThatAreNoneAreRefused(name: String) async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("x").path
            let result = try await new(["--path", path, "--", name])
            #expect(result.status == 64)
            #expect(
                result.errors.hasSuffix(
                    " is no name for a package: it takes letters (A-Z, a-z), digits and single hyphens between them, a letter first\n"
                ))
            #expect(result.errors.split(separator: "\n").count == 1)
            #expect(!result.errors.contains("\u{202e}"))
            #expect(try files(folder).isEmpty)
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test(arguments: [
        ("class", "is a keyword of Swift"), ("Self", "is a keyword of Swift"), ("any", "is a keyword of Swift"),
        ("gate", "would make a module Gate"), ("session", "would make a module Session"),
        ("logging", "would make a module Logging"), ("NIO-game", "would make a module NIOGame"),
        ("type", "would make a module Type"), ("mqantserver", "would make a module Mqantserver"),
        (String(repeating: "x", count: 41), "is too long for a package: at most 40 characters"),
    ])
    func namesThatCannotBeModulesAreRefused(name: String, reason: String) async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("x").path
            let result = try await new([name, "--path", path])
            #expect(result.status == 64)
            #expect(result.errors.hasPrefix("mqantserver new: '\(name)' \(reason)"), "\(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    /// What a program that imports MqantServer, or a test that imports MqantTesting, sees without a module's name before it.
    @Test func noModuleIsCalledLikeATypeOfTheFramework() async throws {
        let folders = ["Configuration", "RPC", "Mqant", "Server", "Modules/Gate", "Modules/Web", "Testing"]
        let declaration = /(?m)^(?:@\w+ )*public (?:final )?(?:struct|class|enum|actor|protocol|typealias) (\w+)/
        var names: Set<String> = []
        for folder in folders {
            let tree = Self.root.appendingPathComponent("Sources/\(folder)")
            for file in try FileManager.default.subpathsOfDirectory(atPath: tree.path) where file.hasSuffix(".swift") {
                let text = try String(contentsOf: tree.appendingPathComponent(file), encoding: .utf8)
                names.formUnion(text.matches(of: declaration).map { String($0.output.1) })
            }
        }
        #expect(names.count > 40)
        try await withFolder { folder in
            for name in names.sorted() {
                let result = try await new([name, "--path", folder.appendingPathComponent(name).path])
                #expect(result.status == 64, "add \(name) to the types of Sources/Node/New/ReservedNames.swift")
            }
        }
    }

    @Test func aFolderThatCannotBeMadeIsNamed() async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("none/dice").path
            let result = try await new(["dice", "--path", path])
            #expect(result.status == 64)
            #expect(result.errors == "mqantserver new: cannot make \(path): No such file or directory\n")
            let empty = try await new(["dice", "--path", ""])
            #expect(empty.status == 64)
            #expect(empty.errors == "mqantserver new: cannot make : No such file or directory\n")
        }
    }

    @Test func whoMayNotWriteIsToldSo() async throws {
        // Also for root, who may write everywhere but in /proc.
        let result = try await new(["dice", "--path", "/proc/dice"])
        #expect(result.status == 64)
        #expect(result.errors == "mqantserver new: cannot make /proc/dice: No such file or directory\n")
        try await withFolder { folder in
            let path = folder.appendingPathComponent("read-only")
            try FileManager.default.createDirectory(
                at: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o555])
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
            let output = try OutputReader()
            let nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups"
            let program = try ChildProcess(
                [
                    "/bin/sh", "-c", #"exec \#(geteuid() == 0 ? nobody : "") "$0" new dice --path "$1/dice""#,
                    ServerProcess.binary.path, path.path,
                ],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(await output.waits(for: "cannot make \(path.path)/dice: Permission denied"))
            #expect(await program.waitForExit() == 64)
        }
    }

    @Test func whatWasWrittenIsRemovedWhenTheDiskIsFull() async throws {
        try await withFolder { folder in
            let path = folder.appendingPathComponent("dice")
            let output = try OutputReader()
            // No file may have more than 512 bytes: Package.swift has.
            let program = try ChildProcess(
                [
                    "/bin/sh", "-c", #"trap '' XFSZ; ulimit -f 1; exec "$0" new dice --path "$1""#,
                    ServerProcess.binary.path, path.path,
                ],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(await output.waits(for: "cannot write \(path.path)/Package.swift: File too large"))
            #expect(await program.waitForExit() == 64)
            #expect(!FileManager.default.fileExists(atPath: path.path))
        }
    }

    @Test func whatItDependsOnCanBeSaid() async throws {
        try await withFolder { folder in
            let url = "https://git.example/mqantserver.git"
            for (number, (arguments, environment, expected)) in [
                (
                    ["--mqantserver", Self.root.path], [:],
                    #"path: Context.environment["MQANTSERVER"] ?? "\#(Self.root.path)""#
                ),
                (["--mqantserver", url], [:], #".package(url: "\#(url)", from: "0.2.0", traits: [])"#),
                ([], ["MQANTSERVER": url], #".package(url: "\#(url)", from: "0.2.0", traits: [])"#),
                (["--mqantserver", Self.root.path], ["MQANTSERVER": url], Self.root.path),
            ].enumerated() {
                let path = folder.appendingPathComponent("dice-\(number)")
                let result = try await new(["dice", "--path", path.path] + arguments, environment: environment)
                #expect(result.status == 0, "\(result.errors)")
                let files = try files(path)
                #expect(files["Package.swift"]?.contains(expected) == true)
                #expect(files["Dockerfile"]?.contains("--from=mqantserver") == expected.contains(Self.root.path))
            }
            for wrong in [folder.path, "/nowhere", "", "https://git.example/\"x\".git", "a\u{1b}b"] {
                let path = folder.appendingPathComponent("wrong").path
                let result = try await new(["dice", "--path", path, "--mqantserver", wrong])
                #expect(result.status == 64)
                #expect(result.errors.split(separator: "\n").count == 1 && !result.errors.contains("\u{1b}"))
                #expect(!FileManager.default.fileExists(atPath: path))
            }
        }
    }

    @Test func aCopyOfTheBinaryAloneAsksWhereTheFrameworkIs() async throws {
        try await withFolder { folder in
            let copy = folder.appendingPathComponent("mqantserver")
            try FileManager.default.copyItem(at: ServerProcess.binary, to: copy)
            let output = try OutputReader()
            let script =
                #""$0" new dice --path "$1"; echo "status $?"; exec "$0" new dice --path "$1" --mqantserver "$2""#
            let program = try ChildProcess(
                ["/bin/sh", "-c", script, copy.path, folder.appendingPathComponent("dice").path, Self.root.path],
                environment: ["PATH": "/usr/bin:/bin"], output: output.writeEnd)
            output.start()
            #expect(
                await output.waits(
                    for: "where is mqantserver? Name its checkout or its repository: --mqantserver FOLDER or URL"))
            #expect(await output.waits(for: "status 64"))
            #expect(await program.waitForExit() == 0)
            #expect(try files(folder.appendingPathComponent("dice")).count == 10, "it needs no other file")
        }
    }

    /// "Your first server" is walked by scripts/test-first-server; here is what that does not see.
    @Test(arguments: ["docs/first-server.md", "docs/first-server.zh-CN.md"])
    func thePageShowsWhatIsWritten(document: String) async throws {
        let page = try String(contentsOf: Self.root.appendingPathComponent(document), encoding: .utf8)
        let shown = page.matches(of: /(?m)^`([^`]+)`\n\n```swift\n((?:.|\n)*?)^```$/)
        #expect(shown.count == 3)
        try await withFolder { folder in
            #expect(try await new(["dice", "--path", folder.path]).status == 0)
            let files = try files(folder)
            for block in shown { #expect(files[String(block.output.1)] == String(block.output.2)) }
        }
    }

    @Test func bothPagesHaveTheSameCommandsAndOutputs() throws {
        let blocks = try ["docs/first-server.md", "docs/first-server.zh-CN.md"].map { document in
            try String(contentsOf: Self.root.appendingPathComponent(document), encoding: .utf8)
                .matches(of: /(?m)^```(\w+)\n((?:.|\n)*?)^```$/).map { [String($0.output.1), String($0.output.2)] }
        }
        #expect(blocks[0] == blocks[1])
        #expect(blocks[0].count { $0[0] == "shell" } == 6)
    }
}
