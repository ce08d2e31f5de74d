/// Which entries of a configuration start on this machine, and why.
package struct Placement: Sendable {
    /// What becomes of one entry here.
    package struct Row: Sendable {
        package let entry: ModuleEntry

        /// The instance's `Id`, `{host}` put in; nil where it does not start here.
        package let instanceID: String?

        /// The `Id` as it may be shown: `{host}` left where it does not start here, `${NAME}` where it came from a
        /// variable that is a secret by its name.
        package let shownID: String

        /// Why it starts here or not.
        package let reason: String

        /// Whether this machine is meant, but the program has no such module type.
        package var isOfUnknownType = false

        /// The module type of the program that its author may have meant; nil where none is near.
        package var nearestType: String?

        /// Whether it starts here.
        package var startsHere: Bool { instanceID != nil }
    }

    package let configuration: ServerConfiguration
    package let machine: Machine

    /// A row for each entry, in the order of the file.
    package let rows: [Row]

    /// What is right, but worth knowing.
    package let notes: [ConfigurationNote]

    /// The entries that start here, with their ids, in the order of the file.
    package var starting: [(id: String, entry: ModuleEntry)] {
        rows.compactMap { row in row.instanceID.map { ($0, row.entry) } }
    }

    /// Places a configuration on a machine. Looks host names up, so it may wait for the network.
    ///
    /// - Parameters:
    ///   - configuration: What the file says.
    ///   - machine: What this machine is.
    ///   - knownTypes: The module types of this program; entries of other types do not start here. Nil means all.
    ///   - resolver: How names become addresses.
    /// - Throws: Two instances here with one `Id` or one address to listen on, or an `Id` that becomes too long.
    package init(
        _ configuration: ServerConfiguration, on machine: Machine, knownTypes: Set<String>? = nil,
        resolver: NameResolver = .system
    ) throws(ConfigurationError) {
        var rows: [Row] = []
        var notes = configuration.notes
        var faults: [ConfigurationError.Fault] = []
        var matches: [HostPattern: HostMatch] = [:]
        var firstOfID: [String: ModuleEntry] = [:]
        for entry in configuration.modules {
            notes += entry.notes
            let match = matches[entry.host] ?? HostMatch(entry.host, on: machine, resolver: resolver)
            matches[entry.host] = match
            if let note = match.note { notes.append(.init(keyPath: "\(entry.keyPath).Host", message: note)) }
            guard let host = match.host else {
                rows.append(Row(entry: entry, instanceID: nil, shownID: entry.id.shown, reason: match.reason))
                continue
            }
            if let knownTypes, !knownTypes.contains(entry.type) {
                let reason = "no such module type in this program"
                let nearest = KeySuggestion.nearest(to: entry.type, among: knownTypes.sorted())
                rows.append(
                    Row(
                        entry: entry, instanceID: nil, shownID: entry.id.shown, reason: reason,
                        isOfUnknownType: true, nearestType: nearest))
                let question = nearest.map { "; did you mean \($0)?" } ?? ""
                notes.append(.init(keyPath: entry.keyPath, message: "\(reason): another one must serve it\(question)"))
                continue
            }
            let (id, shown) = entry.expandedID(host: host)
            func fault(_ message: String) {
                let path = entry.path.appending("Id")
                faults.append(configuration.source.fault(at: entry.idOffset, path: path, message))
            }
            if id.utf8.count > ModuleEntry.maximumIDLength {
                fault("becomes longer than \(ModuleEntry.maximumIDLength) bytes with {host} put in")
            }
            if let first = firstOfID.updateValue(entry, forKey: id) {
                fault("\(shown.quotedForFault) is used by \(first.keyPath) too, both of which start here")
            }
            rows.append(Row(entry: entry, instanceID: id, shownID: shown, reason: match.reason))
        }
        faults += Self.sharedAddresses(in: rows, configuration.source)
        guard faults.isEmpty else { throw ConfigurationError(faults: faults) }
        self.configuration = configuration
        self.machine = machine
        self.rows = rows
        self.notes = notes + Self.remarks(on: configuration, rows)
    }

    /// What the file as a whole gives reason to say.
    private static func remarks(on configuration: ServerConfiguration, _ rows: [Row]) -> [ConfigurationNote] {
        var notes: [ConfigurationNote] = []
        for entry in configuration.modules {
            guard configuration.usesBroker else { break }
            var remark: String?
            switch entry.host.kind {
            case .block(let block) where !entry.hasHostPlaceholder && block.prefixLength < block.base.bytes.count * 8:
                remark = "a block may hold several machines, but the Id is one; put {host} into it"
            case .everyMachine where entry.hasHostPlaceholder:
                remark = "{host} is the same for every machine here; give Host an address, a name or a block"
            default:
                break
            }
            if let remark { notes.append(.init(keyPath: "\(entry.keyPath).Id", message: remark)) }
            if entry.rabbitMQ == nil {
                let message = "has no broker: only modules of its own process can call it"
                notes.append(.init(keyPath: entry.keyPath, message: message))
            }
        }
        if !rows.contains(where: \.startsHere) {
            notes.append(.init(keyPath: "", message: "nothing starts on this machine; --host IP says what it is"))
        }
        return notes
    }
}
