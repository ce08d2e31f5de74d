extension SettingsReader {
    /// A string.
    public mutating func string(_ key: String, required: Bool = false) -> String? {
        text(key, required: required)?.value
    }

    /// A string.
    public mutating func string(_ key: String, default fallback: String) -> String {
        string(key) ?? fallback
    }

    /// `true` or `false`.
    public mutating func bool(_ key: String, required: Bool = false) -> Bool? {
        guard let value = value(key, required: required) else { return nil }
        if case .bool(let flag) = value.content { return flag }
        mismatch(key, value, expected: "true or false")
        return nil
    }

    /// `true` or `false`.
    public mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        bool(key) ?? fallback
    }

    /// A whole number of a range, written without point and exponent.
    public mutating func int(_ key: String, in range: ClosedRange<Int>, required: Bool = false) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = number(key, expected: expected, required: required) else { return nil }
        if let integer = Int(number), range.contains(integer) { return integer }
        fault(at: givenKey(key), "must be \(expected), but is \(Self.shortened(number))")
        return nil
    }

    /// A whole number of a range, written without point and exponent.
    public mutating func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        int(key, in: range) ?? fallback
    }

    /// A number of a range, with a fraction or without.
    public mutating func double(_ key: String, in range: ClosedRange<Double>, required: Bool = false) -> Double? {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number = number(key, expected: expected, required: required) else { return nil }
        if let double = Double(number), range.contains(double) { return double }
        fault(at: givenKey(key), "must be \(expected), but is \(Self.shortened(number))")
        return nil
    }

    /// A number of a range, with a fraction or without.
    public mutating func double(_ key: String, in range: ClosedRange<Double>, default fallback: Double) -> Double {
        double(key, in: range) ?? fallback
    }

    /// A time written as a number of seconds, with a fraction or without: `0.25` is 250 ms.
    ///
    /// - Parameters:
    ///   - key: A key of this object.
    ///   - range: What is allowed; at most some hundred years.
    ///   - required: Whether absence is a fault.
    public mutating func duration(
        _ key: String, in range: ClosedRange<Duration> = .milliseconds(1)...(.seconds(86_400)), required: Bool = false
    ) -> Duration? {
        let expected = "a number of seconds from \(range.lowerBound.inSeconds) to \(range.upperBound.inSeconds)"
        guard let number = number(key, expected: expected, required: required) else { return nil }
        // Beyond 9e9 s the nanoseconds would not fit an Int64.
        if let seconds = Double(number), abs(seconds) < 9e9 {
            let duration = Duration.nanoseconds(Int64((seconds * 1e9).rounded()))
            if range.contains(duration) { return duration }
        }
        fault(at: givenKey(key), "must be \(expected), but is \(Self.shortened(number))")
        return nil
    }

    /// A time written as a number of seconds, with a fraction or without: `0.25` is 250 ms.
    ///
    /// - Parameters:
    ///   - key: A key of this object.
    ///   - range: What is allowed; at most some hundred years.
    ///   - fallback: The value where the key is absent.
    public mutating func duration(
        _ key: String, in range: ClosedRange<Duration> = .milliseconds(1)...(.seconds(86_400)),
        default fallback: Duration
    ) -> Duration {
        duration(key, in: range) ?? fallback
    }

    /// One of a few words, such as `"kick"` of `enum DuplicateLogin: String, CaseIterable`.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, of type: Choice.Type = Choice.self, required: Bool = false
    ) -> Choice? where Choice.RawValue == String {
        guard let text = text(key, required: required) else { return nil }
        if let choice = Choice(rawValue: text.value) { return choice }
        let words = Choice.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        fault(at: givenKey(key), "must be one of \(words), but is \(text.redacted.quotedForFault)")
        return nil
    }

    /// One of a few words, such as `"kick"` of `enum DuplicateLogin: String, CaseIterable`.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        choice(key) ?? fallback
    }

    mutating func text(_ key: String, required: Bool = false) -> ConfigurationText? {
        guard let value = value(key, required: required) else { return nil }
        if case .string(let text) = value.content { return text }
        mismatch(key, value, expected: "a string")
        return nil
    }

    private mutating func number(_ key: String, expected: String, required: Bool) -> String? {
        guard let value = value(key, required: required) else { return nil }
        if case .number(let number) = value.content { return number }
        if case .string(let text) = value.content, Double(text.value) != nil {
            fault(at: givenKey(key), "must be \(expected), but is a string; write it without quotes")
        } else {
            mismatch(key, value, expected: expected)
        }
        return nil
    }

    private static func shortened(_ number: String) -> String {
        number.utf8.count > 24 ? number.prefix(24) + "…" : number
    }
}

extension Duration {
    /// Seconds as people write them: `0.25`, `10`.
    package var inSeconds: String {
        let parts = components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        return parts.attoseconds == 0 ? "\(parts.seconds)" : "\(seconds)"
    }
}
