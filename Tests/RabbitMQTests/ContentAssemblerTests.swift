import MqantRabbitMQTestSupport
import NIOCore
import Testing

@testable import MqantRabbitMQ

struct ContentAssemblerTests {
    private func begun(bound: Int = 100) throws -> ContentAssembler {
        var assembler = ContentAssembler(maximumBodySize: bound)
        try assembler.begin(
            .delivery(consumerTag: "t", deliveryTag: 1, isRedelivered: false), exchange: "e", routingKey: "k")
        return assembler
    }

    private func feed(_ assembler: inout ContentAssembler, _ bytes: [UInt8]) throws -> ContentAssembler.Message? {
        // Not inside the closure: it cannot throw a typed error and mutate at once.
        var copy = assembler
        let result = bytes.withUnsafeBytes { bytes in Result { try copy.body(bytes) } }
        assembler = copy
        return try result.get()
    }

    @Test func everyWayOfCuttingABodyGivesTheSameMessage() throws {
        let body = (0..<60).map { UInt8($0) }
        for seed in 0..<200 {
            var random = SeededGenerator(seed: UInt64(seed))
            var assembler = try begun()
            #expect(try assembler.header(bodySize: 60, properties: BasicProperties()) == nil)
            var offset = 0
            var message: ContentAssembler.Message?
            while offset < body.count {
                let size = Int.random(in: 0...min(20, body.count - offset), using: &random)
                #expect(message == nil)
                message = try feed(&assembler, Array(body[offset..<offset + size]))
                offset += size
            }
            #expect(message?.body == ByteBuffer(bytes: body))
            #expect(assembler.isBetweenMessages)
        }
    }

    @Test func anEmptyBodyIsCompleteWithItsHeader() throws {
        var assembler = try begun()
        let message = try assembler.header(bodySize: 0, properties: BasicProperties())
        #expect(message?.routingKey == "k")
        #expect(assembler.isBetweenMessages)
    }

    @Test func bodiesOverTheBoundAreCountedPast() throws {
        for size in [101, UInt64(Int64.max), UInt64.max] {
            var assembler = try begun()
            #expect(try assembler.header(bodySize: size, properties: BasicProperties()) == nil)
            #expect(try feed(&assembler, [1, 2, 3]) == nil)
            if size == 101 {
                let message = try feed(&assembler, Array(repeating: 0, count: 98))
                #expect(message?.skipped == .bodyTooLarge)
                #expect(message?.bodySize == 101)
                #expect(message?.body.readableBytes == 0)
            }
        }
    }

    @Test func framesOutOfOrderAreRefused() throws {
        var idle = ContentAssembler(maximumBodySize: 10)
        #expect(throws: RabbitMQError.self) { try idle.header(bodySize: 1, properties: nil) }
        #expect(throws: RabbitMQError.self) { try feed(&idle, [1]) }
        var begun = try begun()
        #expect(throws: RabbitMQError.self) {
            try begun.begin(.returned(code: 312, text: ""), exchange: "", routingKey: "")
        }
        #expect(throws: RabbitMQError.self) { try feed(&begun, [1]) }
        _ = try begun.header(bodySize: 2, properties: BasicProperties())
        #expect(throws: RabbitMQError.self) { try begun.header(bodySize: 2, properties: nil) }
        #expect(throws: RabbitMQError.self) { try feed(&begun, [1, 2, 3]) }
    }
}
