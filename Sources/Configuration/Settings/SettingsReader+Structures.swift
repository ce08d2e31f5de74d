extension SettingsReader {
    /// An array of strings; one string alone counts as an array of one.
    public mutating func strings(_ key: String, required: Bool = false) -> [String]? {
        texts(key, required: required)?.map(\.text.value)
    }

    /// An array of strings; one string alone counts as an array of one.
    public mutating func strings(_ key: String, default fallback: [String]) -> [String] {
        strings(key) ?? fallback
    }

    /// A nested object.
    ///
    /// - Parameters:
    ///   - key: A key of this object.
    ///   - required: Whether absence is a fault.
    ///   - body: Reads the nested object; keys that it does not ask for are faults.
    /// - Returns: What `body` returned; nil where the key is absent or holds no object.
    public mutating func object<Result>(
        _ key: String, required: Bool = false, _ body: (inout SettingsReader) -> Result
    ) -> Result? {
        guard let value = value(key, required: required) else { return nil }
        guard case .object = value.content else {
            mismatch(key, value, expected: "an object")
            return nil
        }
        return read(value, path: path.appending(givenKey(key)), body)
    }

    /// An array of objects.
    ///
    /// - Parameters:
    ///   - key: A key of this object.
    ///   - required: Whether absence is a fault.
    ///   - body: Reads one of the objects; keys that it does not ask for are faults.
    /// - Returns: What `body` returned for each object; nil where the key is absent or holds no array.
    public mutating func objects<Result>(
        _ key: String, required: Bool = false, _ body: (inout SettingsReader) -> Result
    ) -> [Result]? {
        guard let value = value(key, required: required) else { return nil }
        guard case .array(let elements) = value.content else {
            mismatch(key, value, expected: "an array of objects")
            return nil
        }
        var results: [Result] = []
        for (index, element) in elements.enumerated() {
            let place = path.appending(givenKey(key)).appending(index)
            if case .object = element.content {
                results.append(read(element, path: place, body))
            } else {
                append(source.fault(at: element.offset, path: place, "must be an object, but is \(element.kind)"))
            }
        }
        return results
    }

    /// An address to listen on: `host:port`, `[IPv6]:port`, or `:port` for every address of the machine.
    /// `mqantserver check` shows it in the line of the module, and `mqantserver health` asks there.
    ///
    /// - Parameters:
    ///   - key: A key of this object.
    ///   - label: What listens there, such as `TCP`.
    ///   - fallback: The address where the key is absent; nil for not listening.
    ///   - check: How to find out whether the listener works.
    /// - Returns: The address; nil where there is none, or the value is the empty string.
    public mutating func listenAddress(
        _ key: String, as label: String, default fallback: ListenAddress? = nil, check: ListenerCheck = .reaction
    ) -> ListenAddress? {
        guard let text = text(key) else {
            if let fallback, member(givenKey(key)) == nil {
                announceListener(label, at: key, fallback, shown: fallback.description, check: check)
            }
            return fallback
        }
        guard !text.value.isEmpty else { return nil }
        guard let address = ListenAddress(text.value) else {
            fault(at: key, "must be \"host:port\" or \":port\", with a port from 0 to 65535")
            return nil
        }
        announceListener(label, at: key, address, shown: shown(text, at: key), check: check)
        return address
    }

    /// The texts of an array of strings, each with the place where it stands.
    mutating func texts(
        _ key: String, required: Bool = false
    ) -> [(text: ConfigurationText, offset: Int, path: ConfigurationPath)]? {
        guard let value = value(key, required: required) else { return nil }
        let place = path.appending(givenKey(key))
        if case .string(let text) = value.content { return [(text, value.offset, place)] }
        guard case .array(let elements) = value.content else {
            mismatch(key, value, expected: "a string or an array of strings")
            return nil
        }
        var texts: [(ConfigurationText, Int, ConfigurationPath)] = []
        for (index, element) in elements.enumerated() {
            let place = place.appending(index)
            if case .string(let text) = element.content {
                texts.append((text, element.offset, place))
            } else {
                append(source.fault(at: element.offset, path: place, "must be a string, but is \(element.kind)"))
            }
        }
        return texts
    }

    mutating func read<Result>(
        _ value: ConfigurationValue, path: ConfigurationPath, _ body: (inout SettingsReader) -> Result
    ) -> Result {
        var reader = SettingsReader(source: source, path: path, value: value)
        let result = body(&reader)
        reader.finish()
        absorb(reader)
        return result
    }
}
