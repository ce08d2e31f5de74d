/// Reads `Module`: first every entry by itself, then what they must have in common.
struct ModuleSection {
    private let checks: [String: ServerConfiguration.SettingsCheck]
    private var drafts: [Draft] = []

    /// The entries, once `resolve` was called.
    private(set) var entries: [ModuleEntry] = []

    /// An entry before the file's default broker is known.
    private struct Draft {
        let type: String
        let index: Int
        let path: ConfigurationPath
        let id: ConfigurationText
        let idOffset: Int
        let host: HostPattern?
        let broker: RabbitMQSection?
        let brokerOffset: Int
        let settings: SettingsObject
        let notes: [ConfigurationNote]
        let listeners: [SettingsReader.Listener]
        let descriptors: DescriptorDemand?
    }

    init(checks: [String: ServerConfiguration.SettingsCheck]) {
        self.checks = checks
    }

    /// Reads all types and entries.
    mutating func read(_ reader: inout SettingsReader) {
        var isEmpty = true
        for type in reader.keys {
            if let message = ModuleEntry.fault(ofType: type) { reader.fault(at: type, message) }
            var index = 0
            _ = reader.objects(type) { entry in
                readEntry(&entry, type: type, index: index)
                index += 1
            }
            // What is no array, or holds what is no entry, has faults of its own.
            if case .array(let elements)? = reader.member(type)?.value.content, elements.isEmpty { continue }
            isEmpty = false
        }
        if isEmpty {
            reader.append(
                reader.source.fault(at: reader.offset, path: reader.path, "has no entry: nothing would start"))
        }
    }

    private mutating func readEntry(_ entry: inout SettingsReader, type: String, index: Int) {
        entry.alias("ID", for: "Id")
        let id = entry.text("Id", required: true)
        if let id, let message = ModuleEntry.fault(ofID: id.value) { entry.fault(at: "Id", message) }
        let host = Self.host(&entry)
        entry.acceptUnused(["Group"], "Host alone says where a module starts")
        let brokerOffset = entry.member("Rabbitmq")?.value.offset ?? entry.offset
        let broker = entry.object("Rabbitmq") { RabbitMQSection(&$0) }
        let value = entry.value("Settings") ?? ConfigurationValue(content: .object([]), offset: entry.offset)
        let settings = SettingsObject(source: entry.source, path: entry.path.appending("Settings"), value: value)
        var reader = settings.reader
        if case .object = value.content {
            if let check = checks[type] {
                check(&reader)
                reader.finish()
            }
        } else {
            entry.mismatch("Settings", value, expected: "an object")
        }
        entry.faults(of: reader)
        entry.acceptUnused(["Redis", "UDP"], "calls to other processes go through Rabbitmq")
        entry.finish()
        guard let id else { return }
        var descriptors = reader.descriptors
        descriptors?.listeners = reader.listeners.count
        drafts.append(
            Draft(
                type: type, index: index, path: entry.path, id: id,
                idOffset: entry.member(entry.givenKey("Id"))?.value.offset ?? entry.offset, host: host, broker: broker,
                brokerOffset: brokerOffset, settings: settings, notes: reader.notes, listeners: reader.listeners,
                descriptors: descriptors))
    }

    private static func host(_ entry: inout SettingsReader) -> HostPattern? {
        // From 1.1 on, files of mqant say by ProcessID which process starts a module, and need no Host.
        if entry.value("ProcessID") != nil, entry.value("Host") == nil {
            entry.acceptUnused(["ProcessID"], "without a Host the module starts on every machine")
            return .everyMachine
        }
        entry.acceptUnused(["ProcessID"], "Host alone says where a module starts")
        guard let text = entry.text("Host", required: true) else { return nil }
        do throws(HostPattern.Malformed) {
            return try HostPattern(text)
        } catch {
            let subject = text.value.isEmpty ? "" : "\(text.shown.quotedForFault) "
            entry.fault(at: "Host", subject + error.message)
            return nil
        }
    }

    /// Puts the default broker in and checks entries against each other.
    mutating func resolve(default fallback: RabbitMQSection?, _ reader: inout SettingsReader) {
        var firstOfID: [String: Draft] = [:]
        var firstOfType: [String: (draft: Draft, broker: RabbitMQOptions?)] = [:]
        for draft in drafts {
            let source = reader.source
            if !draft.id.value.contains(ModuleEntry.hostPlaceholder) {
                if let first = firstOfID[draft.id.value] {
                    let message = "\(draft.id.shown.quotedForFault) is used by \(first.path) too"
                    reader.append(source.fault(at: draft.idOffset, path: draft.path.appending("Id"), message))
                } else {
                    firstOfID[draft.id.value] = draft
                }
            }
            let broker = draft.broker.map { $0.options(default: fallback) } ?? fallback?.options()
            let brokerPath = draft.path.appending("Rabbitmq")
            if draft.broker != nil, broker == nil {
                let message = "has no Uri, and the file has no default for it"
                reader.append(source.fault(at: draft.brokerOffset, path: brokerPath, message))
            }
            if let first = firstOfType[draft.type] {
                if let difference = Self.difference(broker, first.broker) {
                    let message =
                        "\(difference) of \(first.draft.path); all entries of one type share Uri and Exchange"
                    reader.append(source.fault(at: draft.brokerOffset, path: brokerPath, message))
                }
            } else {
                firstOfType[draft.type] = (draft, broker)
            }
            guard let host = draft.host else { continue }
            entries.append(
                ModuleEntry(
                    type: draft.type, index: draft.index, idTemplate: draft.id.value, rabbitMQ: broker,
                    settings: draft.settings, host: host, id: draft.id, idOffset: draft.idOffset, path: draft.path,
                    notes: draft.notes, listeners: draft.listeners, descriptors: draft.descriptors))
        }
    }

    /// In which way a broker differs from that of an earlier entry; nil where it does not.
    private static func difference(_ broker: RabbitMQOptions?, _ first: RabbitMQOptions?) -> String? {
        switch (broker, first) {
        case (nil, nil): nil
        case (nil, _?): "is missing: this entry has no broker, unlike that"
        case (_?, nil): "names a broker, unlike that"
        case (let broker?, let first?) where broker.uris.map(\.text) != first.uris.map(\.text):
            "has another Uri than that"
        case (let broker?, let first?) where broker.exchange != first.exchange: "has another Exchange than that"
        default: nil
        }
    }
}
