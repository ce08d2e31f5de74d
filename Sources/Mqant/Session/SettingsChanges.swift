/// What `Session.set` and `Session.remove` changed since the last `push`. Keys are composed where they come in: those of a
/// Swift dictionary are one in all their spellings, those of another language are not.
package struct SettingsChanges: Codable, Sendable {
    package private(set) var set: [String: String] = [:]
    package private(set) var removed: Set<String> = []

    var isEmpty: Bool { self.set.isEmpty && removed.isEmpty }

    mutating func set(_ key: String, to value: String) {
        set[key] = value
        removed.remove(key)
    }

    mutating func remove(_ key: String) {
        set[key] = nil
        removed.insert(key)
    }

    func followed(by later: SettingsChanges) -> SettingsChanges {
        var result = self
        for key in later.removed { result.remove(key) }
        for (key, value) in later.set { result.set(key, to: value) }
        return result
    }

    package func apply(to settings: inout [String: String]) {
        for key in removed { settings[key.nfc] = nil }
        for (key, value) in set { settings[key.nfc] = value }
    }
}
