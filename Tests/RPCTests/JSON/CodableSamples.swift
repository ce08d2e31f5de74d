import Foundation

/// Types of every shape that a function's arguments may have.
enum CodableSamples {
    struct Flat: Codable, Equatable {
        var a: String
        var b: Int
        var c: Bool
        var d: Double
        var e: String?
        var f: Int?
    }

    struct Sizes: Codable, Equatable {
        var a: Int8
        var b: UInt8
        var c: Int64?
        var d: UInt64?
        var e: Float?
        var f: UInt16?
    }

    struct Deep: Codable, Equatable {
        var a: [Deep]?
        var b: [String: Int]?
        var c: [[Int]]?
        var d: Flat?
        var e: [String?]?
        var f: [Int: String]?
    }

    enum Kind: String, Codable { case a, b, c }

    enum Shape: Codable, Equatable {
        case a(Int)
        case b(x: String, y: Kind?)
        case c
    }

    /// Types that Foundation reads and writes in ways of its own.
    struct Special: Codable, Equatable {
        var a: Kind?
        var b: Shape?
        var c: Data?
        var d: Date?
        var e: URL?
        var f: Decimal?
    }

    /// Reads whatever is there, and asks the decoder and the encoder in ways that no synthesized code does.
    struct Lenient: Codable, Equatable {
        enum Key: String, CodingKey { case a, b, c, d, ä }

        var a: Int?
        var b: String?
        var keys: [String]
        var d: [Int] = []

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            a = try? container.decode(Int.self, forKey: .a)
            b = (try? container.decode(String.self, forKey: .b)) ?? (container.contains(.ä) ? "ä" : nil)
            keys = container.allKeys.map(\.rawValue).sorted()
            guard container.contains(.d), var list = try? container.nestedUnkeyedContainer(forKey: .d) else { return }
            while !list.isAtEnd { d.append(try list.decodeNil() ? -1 : list.decode(Int.self)) }
        }

        func encode(to encoder: any Encoder) throws {
            var outer = encoder.container(keyedBy: Key.self)
            var inner = outer.nestedContainer(keyedBy: Key.self, forKey: .a)
            try inner.encode(a, forKey: .a)
            if d.count % 2 == 0 { try outer.encode(b, forKey: .b) }
            // Its end was written already if `b` came between.
            try inner.encode(keys, forKey: .c)
            if d.count % 3 == 0 { try outer.encode("later", forKey: .b) }
        }
    }

    /// Two containers of one value.
    final class Derived: Base, Equatable {
        private enum Key: CodingKey { case b }
        let b: String

        required init(from decoder: any Decoder) throws {
            b = try decoder.container(keyedBy: Key.self).decode(String.self, forKey: .b)
            try super.init(from: decoder)
        }

        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(b, forKey: .b)
            try super.encode(to: encoder)
        }

        static func == (left: Derived, right: Derived) -> Bool { left.a == right.a && left.b == right.b }
    }

    class Base: Codable {
        let a: Int
    }

    /// Encodes nothing.
    struct Silent: Codable, Equatable {
        init() {}
        init(from decoder: any Decoder) throws {}
        func encode(to encoder: any Encoder) throws {}
    }
}
