/// A connection that is to be opened on the thread of a loop.
protocol ConnectionOpening: Sendable {
    /// On the loop's thread. Hands the core of the connection over, if there is one.
    func open(on thread: LoopThread)

    /// The loop has no thread.
    func fail(_ error: RabbitMQError)
}
