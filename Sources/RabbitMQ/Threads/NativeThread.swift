internal import CMqantRabbitMQ
import Glibc

/// A detached thread of its own, for code that waits in system calls and would starve Swift's pool.
enum NativeThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// False: the system has no thread left.
    static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Bool {
        var attributes = pthread_attr_t()
        guard pthread_attr_init(&attributes) == 0 else { return false }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // Address space, not memory: librabbitmq decodes nested tables by recursion, as deep as a frame allows.
        pthread_attr_setstacksize(&attributes, 32 * 1024 * 1024)
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
                // Linux keeps 15 bytes of it.
                pthread_setname_np(pthread_self(), String(body.name.prefix(15)))
                body.run()
                return nil
            }, body.toOpaque())
        if status != 0 { body.release() }
        return status == 0
    }
}
