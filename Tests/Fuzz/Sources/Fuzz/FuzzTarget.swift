/// What libFuzzer calls with every input that it makes up: see `Conversation.agreed(on:seed:)`.
///
/// A broken invariant must end the process, for that is how libFuzzer knows; so must whatever traps by itself.
@_cdecl("mqtt_fuzz_one")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        try Conversation.agreed(on: bytes, seed: UInt64(count))
    } catch {
        fatalError("\(error)")
    }
    return 0
}
