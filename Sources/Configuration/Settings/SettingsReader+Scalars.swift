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
        if let flag = value.bool { return flag }
        refuse(key, value, expected: "true or false")
        return nil
    }

    /// `true` or `false`.
    public mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        bool(key) ?? fallback
    }

    /// A whole number of a range, written without point and exponent.
    public mutating func int(_ key: String, in range: ClosedRange<Int>, required: Bool = false) -> Int? {
        let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = value(key, required: required) else { return nil }
        if let integer = value.number.flatMap({ Int($0) }), range.contains(integer) { return integer }
        refuseNumber(key, value, expected: expected)
        return nil
    }

    /// A whole number of a range, written without point and exponent.
    public mutating func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        int(key, in: range) ?? fallback
    }

    /// A number of a range, with a fraction or without.
    public mutating func double(_ key: String, in range: ClosedRange<Double>, required: Bool = false) -> Double? {
        let expected = "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let value = value(key, required: required) else { return nil }
        if let double = value.number.flatMap({ Double($0) }), range.contains(double) { return double }
        refuseNumber(key, value, expected: expected)
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
        guard let value = value(key, required: required) else { return nil }
        // Beyond 9e9 s the nanoseconds would not fit an Int64.
        if let seconds = value.number.flatMap({ Double($0) }), abs(seconds) < 9e9 {
            let duration = Duration.nanoseconds(Int64((seconds * 1e9).rounded()))
            if range.contains(duration) { return duration }
        }
        refuseNumber(key, value, expected: expected)
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
        fault(at: key, "must be one of \(words), but is \(shown(text, at: key).quotedForFault)")
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

    /// Adds a fault for a value that is no number, or not one of the range.
    private mutating func refuseNumber(_ key: String, _ value: ConfigurationValue, expected: String) {
        switch value.content {
        case .number(let number):
            fault(at: key, "must be \(expected), but is \(Self.shortened(number))")
        case .string(let text) where text.wholeVariable == nil && Double(text.value) != nil:
            fault(at: key, "must be \(expected), but is a string; write it without quotes")
        default:
            refuse(key, value, expected: expected)
        }
    }

    /// Adds a fault for a value of the wrong type, which a variable may stand for.
    private mutating func refuse(_ key: String, _ value: ConfigurationValue, expected: String) {
        guard case .string(let text) = value.content, let name = text.wholeVariable else {
            return mismatch(key, value, expected: expected)
        }
        let found =
            isSecret(text, at: key) ? ", which ${\(name)} is not" : ", but ${\(name)} is \(text.value.quotedForFault)"
        fault(at: key, "must be \(expected)\(found)")
    }

    /// A text for the operator's eyes: without what came from the environment, where key or variable are a secret's.
    func shown(_ text: ConfigurationText, at key: String) -> String {
        isSecret(text, at: key) ? text.redacted : text.value
    }

    private func isSecret(_ text: ConfigurationText, at key: String) -> Bool {
        text.isSecret || SecretName.isLikely(text.wholeVariable ?? "") || path.appending(key).isSecret
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
