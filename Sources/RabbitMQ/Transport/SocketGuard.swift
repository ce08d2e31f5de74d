import Glibc
import Synchronization

/// Lets other threads cut a connection whose own thread is stuck in a system call.
///
/// The descriptor belongs to librabbitmq. It is shut down from outside only under the lock under which its owner
/// withdraws it before closing, so a number that the kernel has given to somebody else is never touched.
final class SocketGuard: Sendable {
    private struct State {
        var descriptor: Int32?
        var reason: RabbitMQError?
    }

    private let state = Mutex(State())

    /// By the owner thread, once the socket exists. A cut that came before takes effect now.
    func adopt(_ descriptor: Int32) {
        state.withLock { state in
            state.descriptor = descriptor
            if state.reason != nil { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Ends every pending and future read and write, also of a socket that is only being opened. From any thread.
    /// The first reason counts.
    func cut(_ reason: RabbitMQError) {
        state.withLock { state in
            if state.reason == nil { state.reason = reason }
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    /// Why it was cut; nil: it was not.
    var cutReason: RabbitMQError? { state.withLock { $0.reason } }

    /// By the owner thread, right before the descriptor is closed.
    func retire() {
        state.withLock { $0.descriptor = nil }
    }
}
