import FoundationEssentials
import NIOCore

/// One writing of a Swift value as JSON, straight into bytes instead of by Foundation's encoder, which builds a tree first.
///
/// It writes what is common. Anything else, and every error, makes it give up; then the caller has Foundation write the
/// value anew. Members of an object stand in the order in which they were encoded.
final class StreamEncoding {
    struct GivenUp: Error {}

    /// A place in an open container.
    struct Place {
        var level: Int
        var id: Int

        /// Of a container that could not be begun.
        static let nowhere = Place(level: .max, id: 0)
    }

    /// A container that more may be written to.
    private struct Container {
        let id: Int
        /// How many keys of other containers stand before this object's; nil: this is an array.
        let firstKey: Int?
        var count = 0
    }

    /// Objects with more members are Foundation's, which looks keys up by hash.
    private static let maximumMembers = 16

    private var output: [UInt8] = []
    private var open: [Container] = []
    /// The keys of all open objects.
    private var keys: [String] = []
    private var lastID = 0
    /// The id of the encoder that shall write the next value; 0: none.
    private var turn = 0
    private var hasGivenUp = false

    private init() {
        output.reserveCapacity(128)
    }

    /// Writes a value at the end of a buffer.
    /// - Returns: false if Foundation has to do it; then nothing is written.
    static func write(_ value: some Encodable, to buffer: inout ByteBuffer) -> Bool {
        let encoding = StreamEncoding()
        do {
            try encoding.encode(value)
        } catch {
            return false
        }
        guard !encoding.hasGivenUp else { return false }
        buffer.writeBytes(encoding.output)
        return true
    }

    /// Leaves the value to Foundation, whatever becomes of the error that this returns.
    func giveUp() -> GivenUp {
        hasGivenUp = true
        return GivenUp()
    }

    // MARK: Values

    func encode<Value: Encodable>(_ value: Value) throws {
        let type = Value.self
        if type == String.self, let value = value as? String { return write(value) }
        if type == Int.self, let value = value as? Int { return write(value) }
        if type == Bool.self, let value = value as? Bool { return write(value) }
        // Foundation writes these in ways of its own.
        guard type != Data.self, type != Date.self, type != URL.self, type != Decimal.self else { throw giveUp() }
        let depth = open.count
        lastID += 1
        let id = lastID
        turn = id
        do { try value.encode(to: StreamEncoder(encoding: self, id: id)) } catch { throw giveUp() }
        // Still its turn: it wrote nothing.
        guard turn != id else { throw giveUp() }
        close(downTo: depth)
    }

    func write(_ value: String) { JSONText.append(value, to: &output) }
    func write(_ value: Bool) { output.append(contentsOf: (value ? "true" : "false").utf8) }
    func write(_ value: some BinaryInteger) { output.append(contentsOf: String(value).utf8) }
    func writeNull() { output.append(contentsOf: "null".utf8) }

    func write(_ value: some BinaryFloatingPoint & CustomStringConvertible) throws(GivenUp) {
        guard value.isFinite else { throw giveUp() }
        let text = value.description
        output.append(contentsOf: text.hasSuffix(".0") ? text.utf8.dropLast(2) : text.utf8[...])
    }

    /// Takes an encoder's turn, which it has once.
    /// - Returns: false if it was not its turn.
    func takeTurn(_ id: Int) -> Bool {
        guard turn == id else {
            hasGivenUp = true
            return false
        }
        turn = 0
        return true
    }

    // MARK: Containers

    /// Begins an object or an array where a value is due.
    func begin(asObject isObject: Bool) -> Place {
        lastID += 1
        open.append(Container(id: lastID, firstKey: isObject ? keys.count : nil))
        output.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
        return Place(level: open.count - 1, id: lastID)
    }

    /// Writes what precedes an element: the ends of containers inside this one, and a comma.
    func beginElement(_ place: Place) throws(GivenUp) {
        guard place.level < open.count, open[place.level].id == place.id else { throw giveUp() }
        close(downTo: place.level + 1)
        if open[place.level].count > 0 { output.append(UInt8(ascii: ",")) }
        open[place.level].count += 1
    }

    /// Writes what precedes the value of a member, its key included.
    func beginMember(_ place: Place, key: String) throws(GivenUp) {
        try beginElement(place)
        // The later value of a key replaces the earlier one: that is not to be written twice.
        guard let firstKey = open[place.level].firstKey, open[place.level].count <= Self.maximumMembers,
            !keys[firstKey...].contains(key)
        else { throw giveUp() }
        keys.append(key)
        JSONText.append(key, to: &output)
        output.append(UInt8(ascii: ":"))
    }

    /// How many elements a container has.
    func count(_ place: Place) -> Int {
        guard place.level < open.count, open[place.level].id == place.id else { return 0 }
        return open[place.level].count
    }

    private func close(downTo depth: Int) {
        while open.count > depth, let container = open.popLast() {
            output.append(container.firstKey == nil ? UInt8(ascii: "]") : UInt8(ascii: "}"))
            if let firstKey = container.firstKey { keys.removeLast(keys.count - firstKey) }
        }
    }
}
