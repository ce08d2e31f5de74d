import Glibc

extension ConnectionPool {
    func receive<Delegate: ConnectionDelegate>(
        _ client: Int, _ now: UInt64, _ delegate: Delegate
    ) throws(ConnectionFault) {
        let kept = connections[client].input.count
        if kept > 0 { connections[client].input.withUnsafeBufferPointer { copy($0) } }
        let size = recv(connections[client].descriptor, input + kept, Self.inputCapacity - kept, 0)
        guard size > 0 else {
            if size == 0 { throw .closedByServer }
            if errno == EAGAIN || errno == EINTR { return }
            throw .system("reading", errno: errno)
        }
        var end = kept + size
        var packetBytes = end
        if configuration.usesWebSocket {
            if connections[client].phase == .upgrading {
                let bytes = UnsafeRawBufferPointer(start: input, count: end)
                guard let length = try WebSocketHandshake.length(ofAnswerIn: bytes) else {
                    return keep(client, 0..<end, packetBytes: 0)
                }
                try greet(client, now)
                end -= length
                memmove(input, input + length, end)
            }
            let packets = connections[client].packetBytes
            let frames = UnsafeMutableRawBufferPointer(start: input + packets, count: end - packets)
            let found = try WebSocketFrames.unwrap(frames)
            if found.isClosed { throw .closedByServer }
            packetBytes = packets + found.payload
            let rest = end - packets - found.consumed
            if rest > 0 { memmove(input + packetBytes, input + packets + found.consumed, rest) }
            end = packetBytes + rest
            if found.wantsPong {
                try Self.pong.withUnsafeBufferPointer { bytes throws(ConnectionFault) in
                    try write(UnsafeRawBufferPointer(bytes), client)
                }
            }
        }
        var scanner = PacketScanner(UnsafeRawBufferPointer(start: input, count: packetBytes))
        while let packet = try scanner.next() {
            try take(packet, client, now, delegate)
            // The delegate may have closed it.
            guard connections[client].phase != .closed else { return output.removeAll() }
        }
        keep(client, scanner.index..<end, packetBytes: packetBytes - scanner.index)
        if output.count > 0 { try writeOutput(client, now) }
    }

    private static let pong: [UInt8] = [0x8a, 0x80, 0, 0, 0, 0]

    private func copy(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let start = bytes.baseAddress else { return }
        memcpy(input, start, bytes.count)
    }

    private func keep(_ client: Int, _ range: Range<Int>, packetBytes: Int) {
        connections[client].packetBytes = packetBytes
        guard !range.isEmpty || !connections[client].input.isEmpty else { return }
        connections[client].input = Array(UnsafeBufferPointer(start: input + range.lowerBound, count: range.count))
    }

    private func take<Delegate: ConnectionDelegate>(
        _ packet: PacketScanner.Packet, _ client: Int, _ now: UInt64, _ delegate: Delegate
    ) throws(ConnectionFault) {
        switch packet.type {
        case 3:
            let publish = try Publish(packet)
            if publish.qos > 0 {
                output.appendAcknowledgement(publish.qos == 1 ? 0x40 : 0x50, packetID: publish.packetID)
            }
            delegate.received(publish, by: client, now: now)
        case 2:
            guard packet.body.count >= 2, connections[client].phase == .greeting else { throw .notMQTT }
            guard packet.body[1] == 0 else { throw .refused(code: packet.body[1]) }
            connections[client].phase = .open
            delegate.opened(client, now: now)
        case 6:
            guard packet.body.count >= 2 else { throw .notMQTT }
            output.appendAcknowledgement(0x70, packetID: UInt16(packet.body[0]) << 8 | UInt16(packet.body[1]))
        case 9: delegate.subscribed(client, now: now)
        default: break
        }
    }
}
