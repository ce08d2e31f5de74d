extension Placement: CustomStringConvertible {
    /// What `mqantserver check` prints: a table of the entries, then what holds for all of them, then notes. No line
    /// shows a password, or what came from a variable that is a secret by its name.
    package var description: String {
        var lines = table + [""]
        let starting = rows.count { $0.startsHere }
        lines.append("\(starting) of \(rows.count) \(rows.count == 1 ? "entry starts" : "entries start") here.")
        lines.append("")
        lines += section
        if !notes.isEmpty {
            lines += ["", "Notes"]
            lines += notes.map { "  • \(TerminalText.line("\($0)"))" }
        }
        return lines.joined(separator: "\n")
    }

    private var table: [String] {
        let hasListeners = rows.contains { !$0.entry.listeners.isEmpty }
        var table = TextTable(["TYPE", "ID", "HOST", "HERE"] + (hasListeners ? ["LISTENS ON"] : []) + ["WHY"])
        for row in rows {
            let listeners = row.entry.listeners.map { "\($0.label) \($0.shownAddress)" }.joined(separator: ", ")
            let cells = [row.entry.type, row.shownID, row.entry.host.description, row.startsHere ? "yes" : "no"]
            table.append(cells + (hasListeners ? [row.startsHere ? listeners : ""] : []) + [row.reason])
        }
        return table.lines
    }

    private var section: [String] {
        var facts: [(name: String, text: String)] = [("File", configuration.file), ("Machine", machineText)]
        for (index, broker) in brokerTexts.enumerated() { facts.append((index == 0 ? "Broker" : "", broker)) }
        let rpc = configuration.rpc
        facts.append(
            ("RPC", "timeout \(rpc.timeout.inSeconds) s; \(rpc.maxInFlight) in flight and \(rpc.maxWaiting) waiting"))
        let mqtt = configuration.mqtt
        let times = "read timeout \(mqtt.readTimeout.inSeconds) s, write timeout \(mqtt.writeTimeout.inSeconds) s"
        facts.append(("Mqtt", "write queue \(mqtt.writeQueueLength), read queue \(mqtt.readQueueLength); \(times)"))
        let width = facts.map(\.name.count).max() ?? 0
        return facts.map { name, text in
            name + String(repeating: " ", count: width - name.count + 2) + TerminalText.line(text)
        }
    }

    private var machineText: String {
        let known = machine.addresses.map(\.description) + machine.names
        let list = known.isEmpty ? "no address known" : known.joined(separator: ", ")
        return machine.isOverridden ? "\(list) (as told by --host or MQANT_HOST)" : list
    }

    /// One line for every broker, with the module types that it serves where there are several.
    private var brokerTexts: [String] {
        guard configuration.usesBroker else { return ["in process, no broker"] }
        var brokers: [(options: RabbitMQOptions?, types: [String])] = []
        for entry in configuration.modules {
            let index = brokers.firstIndex { broker in
                switch (broker.options, entry.rabbitMQ) {
                case (nil, nil): true
                case (let left?, let right?): left.reachesSame(as: right)
                default: false
                }
            }
            if let index {
                if !brokers[index].types.contains(entry.type) { brokers[index].types.append(entry.type) }
            } else {
                brokers.append((entry.rabbitMQ, [entry.type]))
            }
        }
        return brokers.map { broker in
            let uris = broker.options?.uris.map(\.description).joined(separator: ", ")
            let text = uris.map { "\($0)  exchange \(broker.options?.shownExchange ?? "")" } ?? "in process, no broker"
            return brokers.count == 1 ? text : "\(text)  (\(broker.types.joined(separator: ", ")))"
        }
    }
}
