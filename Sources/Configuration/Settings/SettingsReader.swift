/// Reads one object of `server.conf` key by key. Nothing is thrown on the way: what is wrong is collected with its
/// place, so that an operator sees all of it at once.
///
/// Getters with a `default` answer it where the key is absent, `null`, or wrong. Getters with `required` answer nil
/// there; `required: true` makes absence a fault. Keys are case-sensitive.
public struct SettingsReader {
    let source: ConfigurationSource
    let path: ConfigurationPath
    let offset: Int
    private let members: [ConfigurationValue.Member]
    private let indexOfKey: [String: Int]

    /// Every key that was asked for, in that order: what is known here.
    private(set) var knownKeys: [String] = []
    private var aliases: [String: [String]] = [:]

    /// What was wrong so far.
    public private(set) var faults: [ConfigurationError.Fault] = []

    /// What `mqantserver check` should say besides.
    private(set) var notes: [ConfigurationNote] = []

    /// Where the module said that it will listen.
    private(set) var listeners: [Listener] = []

    /// The descriptors that the module said it needs, if any.
    private(set) var descriptors: DescriptorDemand?

    /// An address to listen on.
    package struct Listener: Sendable, Hashable {
        /// What listens there, such as `HTTP`.
        package let label: String
        package let address: ListenAddress
        /// The address as it may be shown: `${NAME}` where it came from a variable that is a secret by its name.
        package let shownAddress: String
        package let check: ListenerCheck
        /// The key, and where it stands; for a default that of the object.
        let path: ConfigurationPath
        let offset: Int
    }

    init(source: ConfigurationSource, path: ConfigurationPath, value: ConfigurationValue) {
        self.source = source
        self.path = path
        self.offset = value.offset
        if case .object(let members) = value.content { self.members = members } else { self.members = [] }
        self.indexOfKey = Dictionary(
            self.members.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The keys that are given, in the order of the file.
    public var keys: [String] { members.map(\.key) }

    /// Says that `other` means the same as `key`. Both given is a fault. Call it before the getter of `key`.
    public mutating func alias(_ other: String, for key: String) {
        aliases[key, default: []].append(other)
    }

    /// Adds a fault at a key, or at the object itself where the key is absent.
    ///
    /// - Parameters:
    ///   - key: A key of this object, by the name under which the getter asks for it.
    ///   - message: What is wrong. Do not put the value in: it may have come from the environment.
    public mutating func fault(at key: String, _ message: String) {
        let key = givenKey(key)
        faults.append(source.fault(at: member(key)?.value.offset ?? offset, path: path.appending(key), message))
    }

    /// Adds a remark that `mqantserver check` shows.
    public mutating func note(at key: String, _ message: String) {
        notes.append(ConfigurationNote(keyPath: path.appending(givenKey(key)).description, message: message))
    }

    /// Accepts keys that have no use here, with a note for `mqantserver check` where they are given. For files that
    /// were written for another program, or for an earlier version.
    ///
    /// - Parameters:
    ///   - keys: Keys of this object.
    ///   - reason: Why they are not used, or what is used instead.
    public mutating func acceptUnused(_ keys: [String], _ reason: String? = nil) {
        for key in keys where value(key) != nil {
            note(at: key, "accepted, but not used" + (reason.map { ": \($0)" } ?? ""))
        }
    }

    /// Makes a fault of every key that nobody asked for. Whoever made the reader calls it; calling it again adds
    /// nothing.
    public mutating func finish() {
        let known = Set(knownKeys)
        for member in members where !known.contains(member.key) {
            var message = "is not a known key"
            if let nearest = KeySuggestion.nearest(to: member.key, among: knownKeys) {
                message += "; did you mean \(nearest)?"
            }
            reject(member, message)
        }
        knownKeys += members.map(\.key)
    }

    /// Lets all keys pass that nobody asked for.
    mutating func ignoreRest() { knownKeys += members.map(\.key) }

    mutating func reject(_ member: ConfigurationValue.Member, _ message: String) {
        knownKeys.append(member.key)
        faults.append(source.fault(at: member.keyOffset, path: path.appending(member.key), message))
    }

    /// The value of a key or of its alias; nil where it is absent or `null`.
    mutating func value(_ key: String, required: Bool = false) -> ConfigurationValue? {
        let names = [key] + aliases[key, default: []]
        knownKeys += names
        let given = names.compactMap(member).sorted { $0.keyOffset < $1.keyOffset }
        if given.count > 1, let first = given.first, let last = given.last {
            reject(last, "means the same as \(first.key), which is given too; keep one of them")
        }
        if let value = given.first?.value, !value.isNull { return value }
        if required {
            faults.append(
                source.fault(at: given.first?.value.offset ?? offset, path: path.appending(key), "is missing"))
        }
        return nil
    }

    /// The key under which a value is given: `key` itself, or its alias.
    func givenKey(_ key: String) -> String {
        ([key] + aliases[key, default: []]).first { indexOfKey[$0] != nil } ?? key
    }

    func member(_ key: String) -> ConfigurationValue.Member? {
        indexOfKey[key].map { members[$0] }
    }

    mutating func mismatch(_ key: String, _ value: ConfigurationValue, expected: String) {
        faults.append(
            source.fault(
                at: value.offset, path: path.appending(givenKey(key)), "must be \(expected), but is \(value.kind)"))
    }

    mutating func announceListener(
        _ label: String, at key: String, _ address: ListenAddress, shown: String, check: ListenerCheck
    ) {
        let key = givenKey(key)
        listeners.append(
            Listener(
                label: label, address: address, shownAddress: shown, check: check, path: path.appending(key),
                offset: member(key)?.value.offset ?? offset))
    }

    /// Says how many descriptors the instance will need: for a module that has connections of its own.
    public mutating func announce(_ demand: DescriptorDemand) {
        descriptors = demand
    }

    mutating func append(_ fault: ConfigurationError.Fault) {
        faults.append(fault)
    }

    /// Takes over the faults of another reader, and nothing else.
    mutating func faults(of other: SettingsReader) {
        faults += other.faults
    }

    /// Takes over what another reader found.
    mutating func absorb(_ other: SettingsReader) {
        faults += other.faults
        notes += other.notes
        listeners += other.listeners
    }
}
