extension ConnectionURI {
    /// Reads a URI. Throws `invalidConfiguration` with one line that says what is wrong and never quotes the password.
    package init(parsing text: String) throws(RabbitMQError) {
        guard let schemeEnd = text.range(ofFirst: "://") else {
            throw Self.fault("it does not begin with amqp:// or amqps://")
        }
        let isSecure: Bool
        switch text[..<schemeEnd.lowerBound].lowercased() {
        case "amqp": isSecure = false
        case "amqps": isSecure = true
        default: throw Self.fault("its scheme is neither amqp nor amqps")
        }
        var rest = text[schemeEnd.upperBound...]
        if rest.contains("#") { throw Self.fault("it holds a '#': write %23 in a user, password or virtual host") }
        let query = Self.cut(&rest, at: "?")
        let path = Self.cut(&rest, at: "/")
        self.init(host: "", port: isSecure ? 5671 : 5672, tls: isSecure ? TLSOptions() : nil)
        // An unescaped @ in a password is common enough to be read as people mean it: the last one counts.
        if let at = rest.lastIndex(of: "@") {
            try readCredentials(rest[..<at])
            rest = rest[rest.index(after: at)...]
        }
        try readAuthority(rest)
        if let path, !path.isEmpty {
            if path.contains("/") {
                throw Self.fault("its virtual host holds a '/': write %2F")
            }
            virtualHost = try Self.decoded(path, "virtual host")
        }
        if let query { try readOptions(query) }
    }

    static func fault(_ what: String) -> RabbitMQError {
        RabbitMQError(.invalidConfiguration, "the URI of the broker is wrong: \(what)")
    }

    /// Ends `rest` before the first `separator` and returns what follows it, nil if there is none.
    private static func cut(_ rest: inout Substring, at separator: Character) -> Substring? {
        guard let index = rest.firstIndex(of: separator) else { return nil }
        let tail = rest[rest.index(after: index)...]
        rest = rest[..<index]
        return tail
    }

    static func decoded(_ text: Substring, _ what: String) throws(RabbitMQError) -> String {
        guard let result = PercentCoding.decode(text) else {
            throw fault("its \(what) has a '%' that is not followed by two hexadecimal digits, or is not UTF-8")
        }
        // C strings carry these into librabbitmq; a NUL would silently cut them.
        if result.utf8.contains(0) { throw fault("its \(what) holds a NUL") }
        return result
    }

    private mutating func readCredentials(_ text: Substring) throws(RabbitMQError) {
        var name = text
        let secret = Self.cut(&name, at: ":")
        user = try Self.decoded(name, "user")
        if let secret { password = try Self.decoded(secret, "password") }
        if user.isEmpty { throw Self.fault("its user is empty") }
    }

    private mutating func readAuthority(_ text: Substring) throws(RabbitMQError) {
        var name = text
        var number: Substring?
        if name.first == "[" {
            guard let end = name.firstIndex(of: "]") else { throw Self.fault("its IPv6 address lacks the ']'") }
            let after = name[name.index(after: end)...]
            name = name[name.index(after: name.startIndex)..<end]
            if !after.isEmpty {
                guard after.first == ":" else { throw Self.fault("after ']' only a port may follow") }
                number = after.dropFirst()
            }
        } else {
            number = Self.cut(&name, at: ":")
            if number?.contains(":") == true { throw Self.fault("an IPv6 address must stand in brackets") }
        }
        if let number, !number.isEmpty {
            guard let value = UInt16(number), value > 0 else {
                throw Self.fault("its port is not a number from 1 to 65535")
            }
            port = value
        }
        host = try Self.decoded(name, "host")
        if host.isEmpty { host = "localhost" }
    }
}

extension String {
    fileprivate func range(ofFirst pattern: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(pattern) { return start..<index(start, offsetBy: pattern.count) }
            start = index(after: start)
        }
        return nil
    }
}
