import MqantMQTT
import NIOCore
import Testing

@testable import MqantGate

/// Copies of requests: each has its own bytes, for as long as somebody has them.
@Suite struct RequestCopiesTests {
    @Test func copiesThatAreKeptStayAsTheyAre() throws {
        var copies = RequestCopies()
        let texts = (0..<20).map { String(repeating: "\($0 % 10)", count: $0 * 60) }
        var kept: [(arguments: ByteBuffer, topic: TopicName?)] = []
        for (index, text) in texts.enumerated() {
            let topic = index % 3 == 0 ? nil : try TopicName("Chat/Handler_Say/\(index)")
            kept.append(copies.copy(ByteBuffer(string: text), topic: topic))
            // One that nobody keeps.
            _ = copies.copy(ByteBuffer(string: "{}"), topic: topic)
        }
        for (index, copy) in kept.enumerated() {
            #expect(String(buffer: copy.arguments) == "[\(texts[index])]")
            #expect(copy.topic?.string == (index % 3 == 0 ? nil : "Chat/Handler_Say/\(index)"))
        }
    }

    @Test func aSmallOneThatIsDoneLeavesItsMemoryToTheNext() {
        var copies = RequestCopies()
        func address() -> UInt {
            copies.copy(ByteBuffer(string: "{}"), topic: nil).arguments.withUnsafeReadableBytes {
                UInt(bitPattern: $0.baseAddress)
            }
        }
        let first = address()
        #expect(address() == first)
    }
}
