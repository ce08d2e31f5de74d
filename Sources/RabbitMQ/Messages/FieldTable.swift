/// A header or argument table of AMQP 0-9-1 §4.2.5.5: names with values, in the order of the wire.
///
/// Tables are small, so a lookup is a walk. A name that a peer sent twice is kept twice; the subscript sees the first.
package struct FieldTable: Sendable, Hashable {
    package struct Entry: Sendable, Hashable {
        package var key: String
        package var value: FieldValue

        package init(key: String, value: FieldValue) {
            self.key = key
            self.value = value
        }
    }

    /// Tables within tables beyond this are refused in both directions: decoding recurses.
    static let maximumDepth = 32

    package var entries: [Entry]

    package init(entries: [Entry] = []) {
        self.entries = entries
    }

    package var isEmpty: Bool { entries.isEmpty }

    /// The first value under `key`; setting nil removes every entry of that name.
    package subscript(key: String) -> FieldValue? {
        get { entries.first { $0.key == key }?.value }
        set {
            guard let newValue else {
                entries.removeAll { $0.key == key }
                return
            }
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].value = newValue
            } else {
                entries.append(Entry(key: key, value: newValue))
            }
        }
    }
}

extension FieldTable: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, FieldValue)...) {
        self.init(entries: elements.map { Entry(key: $0.0, value: $0.1) })
    }
}
