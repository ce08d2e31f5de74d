/// Who has to be told of changes in the cluster, and what they have been told. A pure value.
struct ViewObservers: Sendable {
    typealias Observer = @Sendable () -> Void
    typealias Reader = AsyncStream<MembershipEvent>.Continuation

    /// What somebody has to be told.
    struct News: Sendable {
        /// Set if it has changed since the observers were told last.
        var view: ClusterView?
        var observers: [Observer] = []
        var lines: [MembershipChanges.Line] = []
    }

    private var changes = MembershipChanges()
    private var observers: [Observer] = []
    /// The version of the view that the observers were last told of.
    private var observedVersion: UInt64 = 0
    private var readers: [UInt64: Reader] = [:]
    private var lastReader: UInt64 = 0
    private var isClosed = false
    /// The queues that the transport was told to send batches to, and the revision of the members that said so.
    private var batchReaders: Set<QueueName> = []
    private var batchRevision: UInt64 = 0

    mutating func add(_ observer: @escaping Observer) { observers.append(observer) }

    /// Adds a reader of events, and tells it who is there.
    /// - Returns: what `remove` takes; nil: nothing happens any more.
    mutating func add(_ reader: Reader) -> UInt64? {
        guard !isClosed else { return nil }
        lastReader += 1
        for event in changes.introduction { reader.yield(event) }
        readers[lastReader] = reader
        return lastReader
    }

    mutating func remove(_ reader: UInt64) { readers[reader] = nil }

    /// Nothing happens any more.
    /// - Returns: the readers, who are to be told so.
    mutating func close() -> [Reader] {
        isClosed = true
        defer { readers = [:] }
        return Array(readers.values)
    }

    /// Tells readers of events what has changed since the last time, and who else has to be told.
    mutating func news(of view: ClusterView) -> News {
        var news = News()
        let (events, lines) = changes.changes(in: view.members)
        // Here, so that all readers see one order. It calls nobody back.
        for event in events { for reader in readers.values { reader.yield(event) } }
        news.lines = lines
        guard view.version != observedVersion else { return news }
        observedVersion = view.version
        news.view = view
        news.observers = observers
        return news
    }

    /// The queues of other nodes that take batches; nil: they are the same as the last time.
    mutating func newBatchReaders(of view: ClusterView) -> Set<QueueName>? {
        guard view.members.revision != batchRevision else { return nil }
        batchRevision = view.members.revision
        let queues = view.members.batchReaders
        guard queues != batchReaders else { return nil }
        batchReaders = queues
        return queues
    }
}
