/// The parts of an AMQP URI as stretches of its text (RFC 3986 §3; RabbitMQ URI Specification), so that each can be
/// shown or left out by itself.
struct BrokerURIParts {
    typealias Malformed = BrokerURI.Malformed

    let isEncrypted: Bool
    private(set) var user: Range<Int>?
    private(set) var password: Range<Int>?
    private(set) var host = 0..<0
    private(set) var port: Range<Int>?
    private(set) var virtualHost: Range<Int>?
    private(set) var query: Range<Int>?

    private let bytes: [UInt8]
    private let scheme: Range<Int>
    private var isBracketed = false

    init(_ text: String) throws(Malformed) {
        bytes = Array(text.utf8)
        let lowercased = text.lowercased()
        if lowercased.hasPrefix("amqp://") {
            isEncrypted = false
            scheme = 0..<7
        } else if lowercased.hasPrefix("amqps://") {
            isEncrypted = true
            scheme = 0..<8
        } else {
            throw Malformed(message: "must begin with amqp:// or amqps://")
        }
        guard !bytes.contains(UInt8(ascii: "#")) else {
            throw Malformed(message: "has a '#'; in a password or virtual host it is written %23")
        }
        let end = first("?", in: scheme.upperBound..<bytes.count) ?? bytes.count
        if end < bytes.count { query = (end + 1)..<bytes.count }
        let slash = first("/", in: scheme.upperBound..<end) ?? end
        if slash < end { virtualHost = (slash + 1)..<end }
        if let virtualHost, first("/", in: virtualHost) != nil {
            let message = "has more than one '/' after its host; in a password or virtual host it is written %2F"
            throw Malformed(message: message)
        }
        try readAuthority(scheme.upperBound..<slash)
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
            guard let close = first("]", in: start..<authority.upperBound),
                IPAddress(String(decoding: bytes[(start + 1)..<close], as: UTF8.self))?.isIPv6 == true
            else { throw Malformed(message: "has '[' without an IPv6 address and ']'") }
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
        } else {
            host = start..<authority.upperBound
        }
    }

    func portNumber() throws(Malformed) -> Int {
        guard let port else { return isEncrypted ? 5671 : 5672 }
        let digits = bytes[port]
        guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy(\.isDigit),
            let number = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(number)
        else { throw Malformed(message: "has a port that is not a number from 1 to 65535") }
        return number
    }

    /// A part with its `%XX` resolved.
    func decoded(_ range: Range<Int>, _ name: String) throws(Malformed) -> String {
        var output: [UInt8] = []
        var index = range.lowerBound
        while index < range.upperBound {
            guard bytes[index] == UInt8(ascii: "%") else {
                output.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < range.upperBound,
                let high = Character(Unicode.Scalar(bytes[index + 1])).hexDigitValue,
                let low = Character(Unicode.Scalar(bytes[index + 2])).hexDigitValue
            else { throw Malformed(message: "has a '%' without two hexadecimal digits in its \(name)") }
            output.append(UInt8(truncatingIfNeeded: high << 4 | low))
            index += 3
        }
        guard let text = String(validating: output, as: UTF8.self) else {
            throw Malformed(message: "has a \(name) that is not UTF-8")
        }
        return text
    }

    func parameters() throws(Malformed) -> [BrokerURI.Parameter] {
        guard let query, !query.isEmpty else { return [] }
        var parameters: [BrokerURI.Parameter] = []
        for item in bytes[query].split(separator: UInt8(ascii: "&")) {
            guard let equals = item.firstIndex(of: UInt8(ascii: "=")), equals > item.startIndex else {
                throw Malformed(message: "has a parameter that is not name=value")
            }
            parameters.append(
                .init(
                    name: try decoded(item.startIndex..<equals, "parameters"),
                    value: try decoded((equals + 1)..<item.endIndex, "parameters")))
        }
        return parameters
    }

    /// `amqp://user@host:port/vhost`, with `${NAME}` in place of what came from the environment.
    func redacted(_ text: ConfigurationText) -> String {
        var shown = isEncrypted ? "amqps://" : "amqp://"
        if text.substitutions.contains(where: { $0.range.overlaps(scheme) }) { return text.redactedWhole }
        if let user { shown += text.redacted(user) + "@" }
        let name = text.redacted(host)
        shown += isBracketed ? "[\(name)]" : name
        if let port { shown += ":" + text.redacted(port) }
        if let virtualHost { shown += "/" + text.redacted(virtualHost) }
        return shown
    }

    private func first(_ character: Unicode.Scalar, in range: Range<Int>) -> Int? {
        bytes[range].firstIndex(of: UInt8(truncatingIfNeeded: character.value))
    }
}

extension ConfigurationText {
    /// The names of the variables alone, where no part can be told from another.
    fileprivate var redactedWhole: String {
        substitutions.map { "${\($0.name)}" }.joined()
    }
}
