package import MqantRPC

/// Tells tests at which ports modules listen: where the configuration says 0, the system chose.
package enum ListeningPorts {
    /// Called, on any thread, with each port that a module of this task and its children begins to listen on.
    @TaskLocal package static var observer: (@Sendable (InstanceID, Int) -> Void)?
}
