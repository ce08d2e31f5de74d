/// A part of the server, made ready and then done so many times. What comes before the first time is the same for all counts.
struct Part: Sendable {
    let name: String
    let run: @Sendable (Int) throws -> Void
}

/// Takes a value so that nobody leaves out how it was made.
@inline(never) func take<Value>(_ value: Value) {
    withExtendedLifetime(value) {}
}

enum Parts {
    static var all: [Part] { mqtt + json + gate + rpc + broker }
}
