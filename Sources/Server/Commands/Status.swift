import ArgumentParser
import FoundationEssentials
import Mqant
import MqantRPC

/// `mqantserver status`: the live instances of the cluster, and how they are doing.
struct Status<Definition: ServerCommand>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "status",
            abstract: "Say which instances are live, and how they are doing.",
            discussion: "Asks each twice, a second apart, for the calls in between.")
    }

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let rows = try await Visitor.visit(Definition.program, options) { visitor in
            // Everyone is heard only when the time is up.
            try await visitor.discover { _ in false }
            return await Self.rows(visitor.node)
        }
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let text = String(decoding: try encoder.encode(rows), as: UTF8.self)
            try StandardStreams.print(TerminalText.json(text))
        } else {
            try StandardStreams.print(StatusTable.text(rows))
        }
    }

    private static func rows(_ node: RPCNode) async -> [StatusRow] {
        let view = node.view
        var rows: [StatusRow] = []
        for (id, peer) in view.peers {
            for instance in peer.instances {
                rows.append(
                    StatusRow(
                        id: instance.id, type: instance.type, node: id, host: peer.host,
                        unreachable: peer.reachability == .unreachable))
            }
        }
        rows.sort { ($0.type, $0.id) < ($1.type, $1.id) }
        let began = ContinuousClock.now
        let first = await ask(rows, node)
        // Calls per second are the difference between two looks at their counts.
        try? await Task.sleep(until: began + .seconds(1))
        let second = await ask(rows, node)
        let seconds = Double((ContinuousClock.now - began) / .milliseconds(1)) / 1000
        // Who went meanwhile is not shown.
        let end = node.view
        rows.removeAll { row in end.peers[row.node]?.instances.contains { $0.id == row.id } != true }
        for index in rows.indices {
            rows[index].unreachable = end.peers[rows[index].node]?.reachability != .reachable
            rows[index].status = second[rows[index].id] ?? first[rows[index].id]
            guard let before = first[rows[index].id], let after = second[rows[index].id] else { continue }
            rows[index].callsPerSecond = Double(after.calls - min(before.calls, after.calls)) / seconds
        }
        return rows
    }

    private static func ask(_ rows: [StatusRow], _ node: RPCNode) async -> [InstanceID: InstanceStatus] {
        await withTaskGroup(of: InstanceStatus?.self) { group in
            for row in rows where !row.unreachable {
                group.addTask {
                    let request = RPCRequest(
                        function: InstanceStatus.function, payload: .json(ByteBuffer(string: "[]")))
                    guard let payload = try? await node.call(.instance(row.id), request, timeout: .seconds(2)) else {
                        return nil
                    }
                    return try? ArgumentCoding.decode(result: InstanceStatus.self, from: payload)
                }
            }
            return await group.reduce(into: [:]) { result, status in
                if let status { result[status.id] = status }
            }
        }
    }
}
