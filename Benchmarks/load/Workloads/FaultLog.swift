/// Counts what goes wrong, of wrong answers with the first one's text.
struct FaultLog {
    private(set) var faults: [String: UInt64] = [:]
    private var example: String?

    mutating func note(_ text: String) { faults[text, default: 0] += 1 }

    mutating func note(wrong payload: UnsafeRawBufferPointer) {
        let text = example ?? Answer.fault(payload)
        example = text
        note(text)
    }
}
