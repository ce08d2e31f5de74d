import MqantServer

/// The files of a new package.
///
/// They stand in the program, not beside it: its binary can be copied alone.
struct PackageTemplate {
    /// A file: its path in the package, and its text.
    struct File {
        var path: String
        var text: String
    }

    let name: PackageName
    let framework: FrameworkSource

    var files: [File] {
        let (module, program) = (name.module, name.program)
        return [
            File(path: "Package.swift", text: manifest),
            File(path: "Sources/\(module)/\(module).swift", text: moduleSource),
            File(path: "Sources/\(program)/\(module)Server.swift", text: programSource),
            File(path: "Tests/\(module)Tests/\(module)Tests.swift", text: testSource),
            File(path: "conf/server.conf", text: configuration),
            File(path: "Dockerfile", text: dockerfile),
            File(path: ".dockerignore", text: dockerIgnore),
            File(path: "docker-compose.yml", text: compose),
            File(path: ".gitignore", text: ".build/\n.swiftpm/\n"),
            File(path: "README.md", text: readme),
        ]
    }
}
