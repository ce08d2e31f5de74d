import MqantMQTT
import NIOCore
import Testing

@testable import MqantGate

/// When what is written to a client leaves.
@Suite struct ConnectionOutputTests {
    private static let text = ByteBuffer(string: "text")

    private func written(_ flush: ConnectionOutput.Flush) -> ByteBuffer? {
        if case .write(let bytes) = flush { bytes } else { nil }
    }

    private func write(_ bytes: ByteBuffer = text, to output: inout ConnectionOutput) {
        #expect(throws: Never.self) { try output.write { $0.writeImmutableBuffer(bytes) } }
    }

    @Test func whatOneReadBringsLeavesTogether() {
        var (output, spare) = (ConnectionOutput(), ByteBuffer())
        output.beginRead(&spare)
        write(to: &output)
        let isPlanned = output.planFlush()
        #expect(!isPlanned, "the end of the read flushes")
        write(to: &output)
        guard case .flush = output.endRead(awaitsAnswer: true, &spare, now: .now()) else {
            Issue.record("it waits")
            return
        }
        #expect(written(output.flush()) == ByteBuffer(string: "texttext"))
        #expect(written(output.flush()) == nil)
    }

    @Test func acknowledgementsWaitForAnAnswerOnce() {
        var (output, spare) = (ConnectionOutput(), ByteBuffer())
        let now = NIODeadline.now()
        for isFirst in [true, false] {
            output.beginRead(&spare)
            write(to: &output)
            switch output.endRead(awaitsAnswer: true, &spare, now: now) {
            case .hold(let limit): #expect(isFirst && limit == now + ConnectionOutput.longestHold)
            case .nothing: #expect(!isFirst)
            case .flush: Issue.record("nothing is urgent")
            }
        }
        #expect(output.heldUntil != nil)
        #expect(written(output.flush()) == ByteBuffer(string: "texttext"))
        #expect(output.heldUntil == nil)
    }

    @Test func outsideAReadAFlushIsPlannedOnce() {
        var output = ConnectionOutput()
        write(to: &output)
        let planned = [output.planFlush(), output.planFlush()]
        #expect(planned == [true, false])
        #expect(written(output.flush()) == Self.text)
        write(to: &output)
        let isPlanned = output.planFlush()
        #expect(isPlanned)
    }

    @Test func aBlockedClientsOutputIsKept() {
        var output = ConnectionOutput()
        let changes = [output.setBlocked(true), output.setBlocked(true)]
        #expect(changes == [true, false])
        write(to: &output)
        guard case .keep(4) = output.flush() else {
            Issue.record("it is handed to the channel")
            return
        }
        #expect(written(output.flush(always: true)) == Self.text)
        write(ByteBuffer(repeating: 0, count: 65_536), to: &output)
        #expect(output.isLarge)
        #expect(written(output.flush())?.readableBytes == 65_536)
    }

    @Test func pushesAreSharedWhereNothingStandsBeforeThem() {
        var output = ConnectionOutput()
        let alone = output.writeShared(Self.text)
        #expect(!alone, "it is sent as it is")
        write(to: &output)
        let behind = output.writeShared(Self.text)
        #expect(behind)
        #expect(written(output.flush()) == ByteBuffer(string: "texttext"))
        _ = output.setBlocked(true)
        let small = output.writeShared(Self.text)
        #expect(small, "many small ones are one buffer while the client does not read")
        let large = output.writeShared(ByteBuffer(repeating: 0, count: 2000))
        #expect(!large)
    }

    @Test func memoryGoesFromReadToRead() {
        var (one, other, spare) = (ConnectionOutput(), ConnectionOutput(), ByteBuffer())
        one.beginRead(&spare)
        write(to: &one)
        _ = one.endRead(awaitsAnswer: false, &spare, now: .now())
        let first = written(one.flush())
        #expect(first == Self.text)
        if let first { ConnectionOutput.keep(first, in: &spare) }
        // It is not with anybody's bytes, even while somebody has them still.
        other.beginRead(&spare)
        write(ByteBuffer(string: "else"), to: &other)
        #expect(first == Self.text)
        _ = other.endRead(awaitsAnswer: false, &spare, now: .now())
        #expect(written(other.flush()) == ByteBuffer(string: "else"))
    }
}
