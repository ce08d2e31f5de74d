import MqantServer

extension PackageTemplate {
    /// Package.swift.
    var manifest: String {
        """
        // swift-tools-version:6.2
        import PackageDescription

        let package = Package(
            name: "\(name.text)",
            dependencies: [
                // Without traits it runs in one process. Take `traits: []` away for several hosts and a RabbitMQ: that needs
                // librabbitmq-dev and pkg-config.
                \(dependency)
            ],
            targets: [
                .target(name: "\(name.module)", dependencies: [.product(name: "Mqant", package: "mqantserver")]),
                .executableTarget(
                    name: "\(name.program)",
                    dependencies: ["\(name.module)", .product(name: "MqantServer", package: "mqantserver")]),
                .testTarget(
                    name: "\(name.module)Tests",
                    dependencies: ["\(name.module)", .product(name: "MqantTesting", package: "mqantserver")]),
            ]
        )

        """
    }

    private var dependency: String {
        switch framework {
        case .checkout(let folder):
            """
            .package(name: "mqantserver", path: Context.environment["MQANTSERVER"] ?? "\(folder)", traits: [])
            """
        case .repository(let url):
            """
            .package(url: "\(url)", from: "\(Server.frameworkVersion)", traits: [])
            """
        }
    }

    /// The module.
    var moduleSource: String {
        """
        public import Mqant

        /// Clients call `\(name.module)/Handler_Hello`; other modules call `hello`.
        public struct \(name.module): Module {
            /// Its name in `server.conf`, and in clients' topics.
            public static let type: ModuleType = "\(name.module)"
            private let greeting: String

            /// `"Settings": { "Greeting": "Hello" }` in `server.conf`.
            public struct Settings: ModuleSettings {
                var greeting: String

                public init(reading settings: inout SettingsReader) {
                    greeting = settings.string("Greeting", default: "Hello")
                }
            }

            public init(settings: Settings, context: ModuleContext) {
                greeting = settings.greeting
            }

            /// Says what may be called.
            public func register(on server: RPCServer) throws {
                try server.register("Handler_Hello") { (session: Session, request: HelloRequest) in
                    "\\(greeting), \\(request.name)!"
                }
                try server.register("hello") { (name: String) in "\\(greeting), \\(name)!" }
            }
        }

        /// The payload of `\(name.module)/Handler_Hello`.
        struct HelloRequest: Codable, Sendable {
            var name: String
        }

        """
    }

    /// The program.
    var programSource: String {
        """
        import \(name.module)
        import MqantServer

        @main struct \(name.module)Server: ServerCommand {
            static let name = "\(name.program)"
            // The order of their start. The Gate, by which clients come in, is the last.
            static let modules: [any Module.Type] = [\(name.module).self, Gate.self]
        }

        """
    }

    /// The test.
    var testSource: String {
        """
        import \(name.module)
        import MqantTesting
        import Testing

        @Suite(.timeLimit(.minutes(1))) struct \(name.module)Tests {
            @Test func helloIsAnswered() async throws {
                try await Server.test(\(name.module).self, settings: #"{ "Greeting": "Salut" }"#) { server in
                    let ada = try await server.client(user: "Ada")
                    let answer: String = try await ada.request("\(name.module)/Handler_Hello", ["name": "Ada"])
                    #expect(answer == "Salut, Ada!")
                }
            }
        }

        """
    }
}
