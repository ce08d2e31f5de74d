import Testing

@testable import MqantLoad

@Suite("Packets and frames") struct WireTests {
    private func bytes(_ write: (OutputBuffer) -> Void) -> [UInt8] {
        let output = OutputBuffer()
        write(output)
        return Array(output.bytes)
    }

    @Test func aConnectIsWhatMQTTSays() {
        let connect = bytes { $0.appendConnect(clientID: "ada-1", keepAlive: 60) }
        let expected: [UInt8] = [
            0x10, 0x11, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 5, 0x61, 0x64, 0x61, 0x2d, 0x31,
        ]
        #expect(connect == expected)
    }

    /// Lengths on both sides of those that take another byte.
    @Test(arguments: [0, 1, 117, 118, 119, 16_373, 16_374, 16_375, 100_000]) func aPublishIsReadAgain(size: Int) throws
    {
        let topic = try Template("a/b")
        let payload = try Template("{pad:\(size)}")
        for qos in [0, 1] as [UInt8] {
            let packets = bytes { output in
                output.appendPing()
                output.appendPublish(
                    topic, messageID: 17, payload, TemplateValues(client: 0), qos: qos, packetID: 0x0102)
                output.appendDisconnect()
            }
            try packets.withUnsafeBytes { bytes in
                var scanner = PacketScanner(bytes)
                let ping = try scanner.next()
                #expect(ping?.type == 12)
                let next = try scanner.next()
                let packet = try #require(next)
                let publish = try Publish(packet)
                #expect(publish.qos == qos)
                #expect(publish.packetID == (qos == 0 ? 0 : 0x0102))
                #expect(publish.topic.elementsEqual("a/b/17".utf8))
                #expect(publish.payload.count == size)
                #expect(Answer.messageID(of: publish.topic)?.number == 17)
                let disconnect = try scanner.next()
                #expect(disconnect?.type == 14)
                let rest = try scanner.next()
                #expect(rest == nil)
                #expect(scanner.index == bytes.count)
            }
        }
    }

    @Test func aPieceOfAPacketIsNoPacket() throws {
        let packet: [UInt8] = [0x30, 0x82, 0x01] + [0, 1, 0x61] + Array(repeating: 7, count: 127)
        for size in 0..<packet.count {
            try packet[..<size].withUnsafeBytes { bytes in
                var scanner = PacketScanner(UnsafeRawBufferPointer(rebasing: bytes[...]))
                let packet = try scanner.next()
                #expect(packet == nil)
                #expect(scanner.index == 0)
            }
        }
    }

    @Test(arguments: [[0x30, 0xff, 0xff, 0xff, 0xff, 0x01], [0x30, 0xff, 0xff, 0xff, 0x7f, 0x01]] as [[UInt8]])
    func endlessPacketsAreRefused(bytes: [UInt8]) {
        #expect(throws: ConnectionFault.self) {
            try bytes.withUnsafeBytes { bytes in
                var scanner = PacketScanner(bytes)
                _ = try scanner.next()
            }
        }
    }

    @Test(arguments: ["a/1x", "a", "", "1", "a/", "a/1234567890123456789"]) func otherTopicsHaveNoMessageID(
        topic: String
    ) {
        #expect(Array(topic.utf8).withUnsafeBytes { Answer.messageID(of: $0)?.number } == nil)
    }

    @Test(arguments: [
        ("", "a", true), ("a", "a", true), ("ab", "aab", true), ("aab", "aaab", true), ("ab", "a", false),
        ("ab", "aacb", false), ("a", "", false), (#""Error":"""#, #"{"Error":"","Result":1}"#, true),
    ])
    func rightAnswersContainTheText(expected: String, answer: String, isRight: Bool) {
        let right = Answer(expected: Array(expected.utf8))
        #expect(Array(answer.utf8).withUnsafeBytes { right.isRight($0) } == isRight)
    }

    /// Frames of all three sizes, a ping and a piece between them, in every cut.
    @Test func framesAreTakenOffInAnyPieces() throws {
        let payloads = [[1, 2, 3], Array(repeating: 4, count: 300), Array(repeating: 5, count: 70_000)] as [[UInt8]]
        var stream: [UInt8] = [0x89, 0]
        stream += [0x82, 3] + payloads[0]
        stream += [0x02, 126, 1, 0x2c] + payloads[1]
        stream += [0x80, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70] + payloads[2]
        for cut in Array(0..<320) + [stream.count - 1, stream.count] {
            var first = Array(stream[..<cut])
            let found = try first.withUnsafeMutableBytes { try WebSocketFrames.unwrap($0) }
            var rest = Array(first[found.consumed...]) + Array(stream[cut...])
            let more = try rest.withUnsafeMutableBytes { try WebSocketFrames.unwrap($0) }
            #expect(Array(first[..<found.payload] + rest[..<more.payload]) == payloads.flatMap { $0 }, "cut at \(cut)")
            #expect(more.consumed == rest.count)
            #expect(found.wantsPong != more.wantsPong)
        }
    }

    private func unwrapped(_ bytes: [UInt8]) throws -> WebSocketFrames.Unwrapped {
        var bytes = bytes
        return try bytes.withUnsafeMutableBytes { try WebSocketFrames.unwrap($0) }
    }

    @Test func aCloseIsSeenAndATextIsRefused() throws {
        let found = try unwrapped([0x88, 2, 3, 0xe8])
        #expect(found.isClosed)
        #expect(throws: ConnectionFault.notWebSocket) { try unwrapped([0x81, 1, 0x61]) }
        #expect(throws: ConnectionFault.notWebSocket) { try unwrapped([0x82, 0x81, 0, 0, 0, 0, 1]) }
    }

    @Test(arguments: [0, 125, 126, 65_535, 65_536]) func framesOfOursAreMasked(size: Int) {
        let header = WebSocketFrames.header(payloadSize: size)
        #expect(header[0] == 0x82)
        #expect(header[1] & 0x80 != 0)
        #expect(header.suffix(4) == [0, 0, 0, 0])
        #expect(header.count == (size < 126 ? 6 : size < 65_536 ? 8 : 14))
    }

    private func answerLength(_ bytes: some Sequence<UInt8>) throws -> Int? {
        try Array(bytes).withUnsafeBytes { try WebSocketHandshake.length(ofAnswerIn: $0) }
    }

    @Test func theHandshakeEndsWithABlankLine() throws {
        let answer = Array("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\u{2}".utf8)
        for size in 0..<(answer.count - 1) {
            let length = try answerLength(answer[..<size])
            #expect(length == nil)
        }
        let length = try answerLength(answer)
        #expect(length == answer.count - 1)
        #expect(throws: ConnectionFault.refusedWebSocket) {
            try answerLength("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
        }
    }
}
