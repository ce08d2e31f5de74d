extension RPCError {
    /// No live instance of the type is known.
    package static func serviceNotFound(_ type: ModuleType) -> RPCError {
        RPCError(.notFound, "Service(type:\(type)) not found")
    }
}
