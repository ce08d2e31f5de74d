/// Names that a new package's module cannot have, because something that it is built with has them.
enum ReservedNames {
    static func contains(_ name: String) -> Bool {
        names.contains(name) || prefixes.contains { name.hasPrefix($0) }
    }

    /// Targets of the framework, of swift-nio and of hummingbird.
    private static let prefixes = ["Mqant", "NIO", "CNIO", "Hummingbird"]

    private static let names = Set(
        (types + swift + targets).joined(separator: " ").split(separator: " ").map(String.init))

    /// Swift's keywords, in small letters.
    static let keywords = Set(
        """
        actor any as associatedtype async await borrowing break case catch class consuming continue convenience default defer deinit do \
        dynamic else enum extension fallthrough false fileprivate final for func get guard if import in indirect infix init inout \
        internal is isolated lazy let macro mutating nil nonisolated open operator optional override package postfix \
        precedencegroup prefix private protocol public repeat required rethrows return self set some static struct subscript super \
        switch throw throws true try typealias unowned var weak where while
        """.split(separator: " ").map(String.init))

    /// What `import MqantServer` and `import MqantTesting` bring: a type of that name would be ambiguous. A test keeps it whole.
    private static let types = [
        """
        Answer BlockingOptions Broadcast BrokerURI ClientRequest ConfigurationError ConfigurationPosition DescriptorDemand \
        Endpoint Faults FaultsTrait Function FunctionOptions Gate GateSettings GroupName HandlerError Identifier \
        InstanceID ListenAddress ListenerCheck MQTTOptions MembershipEvent Module ModuleClock ModuleComponent ModuleContext \
        ModuleEntry ModuleFailure ModuleInstance ModuleSettings ModuleType NodeID Pace Payload Presence QueueName \
        RPCError RPCOptions RPCReply RPCRequest RPCServer RabbitMQOptions RegistrationError Roster Server \
        ServerCommand ServerConfiguration Session SessionID SessionState SettingsReader TerminalLogHandler \
        TestClient TestClock TestFailure TestInstance TestServer TestTransport UncheckedSettings UserName Web WebSettings
        """,
        "ByteBuffer LogHandler Logger",
    ]

    /// Swift's own modules, and its types that a module's author writes all the time.
    private static let swift = [
        "Builtin Cxx Dispatch Distributed Foundation FoundationEssentials Glibc Musl Observation RegexBuilder Swift Synchronization",
        "Testing XCTest",
        """
        Actor Any AnyObject Array Bool Character Clock Codable Collection Comparable Data Date Decodable Dictionary Double Duration \
        Encodable Equatable Error Float Hashable Identifiable Int MainActor Mutex Never Optional Protocol Range Regex Result Self \
        Sendable Sequence Set String Substring Suite Tag Task Test Trait Type UUID Void
        """,
    ]

    /// Targets of the packages that the framework depends on: names of targets are one space.
    private static let targets = [
        """
        Algorithms ArgumentParser ArgumentParserToolInfo AsyncAlgorithms AsyncHTTPClient AsyncStreaming Atomics BasicContainers \
        BitCollections CAsyncHTTPClient CSystem Collections ComplexModule ConcurrencyHelpers Configuration ContainersPreview \
        CoreMetrics Crypto CryptoBoringWrapper CryptoExtras DequeModule GRDB GRDBSQLite HTTPTypes HTTPTypesFoundation HashTreeCollections HeapModule \
        Histogram InMemoryLogging InMemoryTracing Instrumentation InternalCollectionsUtilities Logging Metrics MetricsTestKit \
        Numerics OrderedCollections PerformanceTest RawStructuredFieldValues RealModule ServiceContextModule ServiceLifecycle \
        ServiceLifecycleTestKit SortedCollections StructuredFieldValues SwiftASN1 SystemPackage Tracing TrailingElementsModule \
        UnixSignals X509
        """
    ]
}
