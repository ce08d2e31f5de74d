package import MqantRPC

/// How clients' requests find an instance of a module type: each type's own `route`.
package struct Routes: Sendable {
    private let modules: [ModuleType: any Module.Type]

    /// - Parameter modules: the types of the program; a request to any other goes to any instance.
    package init(_ modules: [any Module.Type] = []) {
        self.modules = Dictionary(modules.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package func endpoint(for type: ModuleType, _ request: RPCRequest) -> Endpoint {
        modules[type]?.route(ClientRequest(request)) ?? .any(type)
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
