import FoundationEssentials
import MqantRPC

/// Sessions as they stand in the header `session`.
///
/// A session changes seldom and is sent with each of its requests: what has been read once is not read again. Bounded;
/// one thread's.
struct SessionText {
    private static let capacity = 4096

    private var known: [TextKey: SessionBox] = [:]

    static func encode(_ session: SessionState) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(session) else { return nil }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads a session; nil if it is none.
    mutating func decode(_ text: String) -> SessionBox? {
        let key = TextKey(text)
        if let box = known[key] { return box }
        guard let session = try? JSONDecoder().decode(SessionState.self, from: Data(text.utf8)) else { return nil }
        let box = SessionBox(session, text: text)
        if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
        known[key] = box
        return box
    }
}
