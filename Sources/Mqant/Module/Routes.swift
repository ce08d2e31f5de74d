package import RPC

/// How clients' requests find an instance of a module type.
///
/// By default a request goes to any instance. A module type whose requests belong together sets a function, as Chat
/// does by room: it sees the request's payload and names a key, or an instance.
package struct Routes: Sendable {
    /// Chooses the endpoint of one request.
    package typealias Route = @Sendable (ModuleType, RPCRequest) -> Endpoint

    private var routes: [ModuleType: Route] = [:]

    package init() {}

    package subscript(type: ModuleType) -> Route? {
        get { routes[type] }
        set { routes[type] = newValue }
    }

    package func endpoint(for type: ModuleType, _ request: RPCRequest) -> Endpoint {
        routes[type]?(type, request) ?? .any(type)
    }
}

extension ModuleContext {
    /// Where a client's request to a module type goes.
    package func endpoint(for type: ModuleType, _ request: RPCRequest) -> Endpoint {
        // With one instance there is nothing to choose, and no reason to look into the payload.
        node.hasSeveralInstances(of: type) ? routes.endpoint(for: type, request) : .any(type)
    }

    /// True if any live instance of the type is known.
    package func serves(_ type: ModuleType) -> Bool { node.hasInstance(of: type) }
}
