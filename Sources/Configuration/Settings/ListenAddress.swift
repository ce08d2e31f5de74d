/// Where to listen: `:3563` (every address of the machine), `127.0.0.1:3563`, `[::1]:3563`, `localhost:3563`.
public struct ListenAddress: Sendable, Hashable {
    /// A host name or an address without brackets; empty for every address of the machine.
    public let host: String

    /// The port; 0 lets the system choose a free one.
    public let port: Int

    /// Makes an address.
    public init(host: String = "", port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads an address; nil where it is none.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...].utf8
        guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let port = Int(text[text.index(after: colon)...]), port <= 65_535
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard IPAddress(String(host))?.isIPv6 == true else { return nil }
        } else if host.contains(where: { ":[]/".contains($0) || $0.isWhitespace }) {
            return nil
        }
        self.init(host: String(host), port: port)
    }
}

extension ListenAddress: CustomStringConvertible {
    /// The address as it is written in `server.conf`.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
