import Glibc

/// The parts of an AMQP URI as stretches of its text (RFC 3986 §3; RabbitMQ URI Specification), so that each can be
/// shown or left out by itself. All offsets are in UTF-8.
package struct AMQPURIParts: Sendable {
    package typealias Malformed = AMQPURI.Malformed

    /// A parameter of the URI, such as `heartbeat=5`, percent-decoded.
    struct Parameter: Sendable, Hashable {
        let name: String
        let value: String
    }

    package let isEncrypted: Bool
    /// nil where the URI has no `@`.
    package private(set) var user: Range<Int>?
    /// nil where no `:` follows the user.
    package private(set) var password: Range<Int>?
    /// Without the brackets of an IPv6 address.
    package private(set) var host = 0..<0
    /// nil where no `:` follows the host.
    package private(set) var port: Range<Int>?
    /// nil where no `/` follows; empty where nothing follows that.
    package private(set) var virtualHost: Range<Int>?
    /// Whether the host stands in brackets.
    package private(set) var isBracketed = false

    private var query: Range<Int>?
    private let bytes: [UInt8]

    /// Takes a text apart; see ``AMQPURI/init(parsing:)`` for what the parts must be.
    package init(_ text: String) throws(Malformed) {
        bytes = Array(text.utf8)
        let lowercased = text.lowercased()
        let start: Int
        if lowercased.hasPrefix("amqp://") {
            (isEncrypted, start) = (false, 7)
        } else if lowercased.hasPrefix("amqps://") {
            (isEncrypted, start) = (true, 8)
        } else {
            throw Malformed(message: "must begin with amqp:// or amqps://")
        }
        guard !bytes.contains(UInt8(ascii: "#")) else {
            throw Malformed(message: "has a '#'; in a password or virtual host it is written %23")
        }
        let end = first("?", in: start..<bytes.count) ?? bytes.count
        if end < bytes.count { query = (end + 1)..<bytes.count }
        let slash = first("/", in: start..<end) ?? end
        if slash < end { virtualHost = (slash + 1)..<end }
        if let virtualHost, first("/", in: virtualHost) != nil {
            let message = "has more than one '/' after its host; in a password or virtual host it is written %2F"
            throw Malformed(message: message)
        }
        try readAuthority(start..<slash)
    }

    private mutating func readAuthority(_ authority: Range<Int>) throws(Malformed) {
        var start = authority.lowerBound
        if let at = bytes[authority].lastIndex(of: UInt8(ascii: "@")) {
            let colon = first(":", in: start..<at)
            user = start..<(colon ?? at)
            password = colon.map { ($0 + 1)..<at }
            if first("@", in: start..<at) != nil {
                throw Malformed(message: "has more than one '@'; in a user or password it is written %40")
            }
            start = at + 1
        }
        if start < authority.upperBound, bytes[start] == UInt8(ascii: "[") {
            guard let close = first("]", in: start..<authority.upperBound), isIPv6Address((start + 1)..<close) else {
                throw Malformed(message: "has '[' without an IPv6 address and ']'")
            }
            isBracketed = true
            host = (start + 1)..<close
            guard close + 1 < authority.upperBound else { return }
            guard bytes[close + 1] == UInt8(ascii: ":") else {
                throw Malformed(message: "has something other than a port after ']'")
            }
            port = (close + 2)..<authority.upperBound
        } else if let colon = first(":", in: start..<authority.upperBound) {
            host = start..<colon
            port = (colon + 1)..<authority.upperBound
            guard first(":", in: (colon + 1)..<authority.upperBound) == nil else {
                throw Malformed(message: "has more than one ':' in its host; an IPv6 address stands in '[' and ']'")
            }
        } else {
            host = start..<authority.upperBound
        }
    }

    /// The port that is given, or the usual one.
    func portNumber() throws(Malformed) -> UInt16 {
        guard let port else { return isEncrypted ? 5671 : 5672 }
        let digits = bytes[port]
        guard digits.count <= 5, digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let number = UInt16(String(decoding: digits, as: UTF8.self)), number > 0
        else { throw Malformed(message: "has a port that is not a number from 1 to 65535") }
        return number
    }

    /// A part with its `%XX` resolved.
    ///
    /// - Parameter name: What the part is called in faults.
    func decoded(_ range: Range<Int>, _ name: String) throws(Malformed) -> String {
        guard let decoded = PercentCoding.decode(bytes[range]) else {
            throw Malformed(message: "has a '%' without two hexadecimal digits in its \(name)")
        }
        guard let text = String(validating: decoded, as: UTF8.self) else {
            throw Malformed(message: "has a \(name) that is not UTF-8")
        }
        // librabbitmq takes C strings: a NUL would silently cut them. Nor does any other belong here.
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
            throw Malformed(message: "has a control character in its \(name)")
        }
        return text
    }

    /// The parameters in their order, each name once.
    func parameters() throws(Malformed) -> [Parameter] {
        guard let query else { return [] }
        var parameters: [Parameter] = []
        for item in bytes[query].split(separator: UInt8(ascii: "&")) {
            guard let equals = item.firstIndex(of: UInt8(ascii: "=")), equals > item.startIndex else {
                throw Malformed(message: "has a parameter that is not name=value")
            }
            let name = try decoded(item.startIndex..<equals, "parameters")
            guard !parameters.contains(where: { $0.name == name }) else {
                throw Malformed(message: "has a parameter twice")
            }
            parameters.append(.init(name: name, value: try decoded((equals + 1)..<item.endIndex, "parameters")))
        }
        return parameters
    }

    private func first(_ character: Unicode.Scalar, in range: Range<Int>) -> Int? {
        bytes[range].firstIndex(of: UInt8(truncatingIfNeeded: character.value))
    }

    private func isIPv6Address(_ range: Range<Int>) -> Bool {
        guard !bytes[range].contains(0) else { return false }
        var address = in6_addr()
        return inet_pton(AF_INET6, String(decoding: bytes[range], as: UTF8.self), &address) == 1
    }
}
