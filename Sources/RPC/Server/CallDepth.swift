import Glibc

/// How many nonblocking handlers run within each other on this thread.
///
/// Each starts on the stack of the one that called it; two that call each other for ever must not end the process.
enum CallDepth {
    static let limit = 16

    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    /// The depth; the limit if the process has no key left to count with, so that nothing nests.
    static var current: Int { key.map { Int(bitPattern: pthread_getspecific($0)) } ?? limit }

    /// Goes one level deeper; `leave` follows.
    /// - Returns: false at the limit.
    static func enter() -> Bool {
        guard let key, case let depth = current, depth < limit else { return false }
        return pthread_setspecific(key, UnsafeRawPointer(bitPattern: depth + 1)) == 0
    }

    static func leave() {
        if let key { pthread_setspecific(key, UnsafeRawPointer(bitPattern: current - 1)) }
    }
}
