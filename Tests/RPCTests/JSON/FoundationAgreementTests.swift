import Foundation
import NIOCore
import Testing

@testable import MqantRPC

/// What the index decodes and the stream encodes, Foundation decodes and encodes the same.
///
/// `MQANT_JSON_TEXTS` in the environment sets the number of texts.
@Suite struct FoundationAgreementTests {
    private struct Counts {
        var texts = 0
        var decoded = 0
        /// Of those decoded: by the index.
        var byIndex = 0
        var byStream = 0
    }

    private final class Comparison<Value: Codable & Equatable> {
        private let decoder = JSONDecoder()
        private let encoder = JSONEncoder()
        private(set) var counts = Counts()

        func compare(_ text: ByteBuffer) {
            let ours = IndexDecoding.decode(text) { try $0.decode(Value.self, at: 0) }
            let theirs = try? decoder.decode(Value.self, from: Data(text.readableBytesView))
            counts.texts += 1
            if theirs != nil { counts.decoded += 1 }
            if ours != nil {
                counts.byIndex += 1
                if ours != theirs { Issue.record("\(Value.self): \(String(buffer: text))") }
            }
            if let theirs { compareEncoding(theirs) }
        }

        /// The order of members and the spelling of escapes may differ.
        private func compareEncoding(_ value: Value) {
            var ours = ByteBuffer()
            guard StreamEncoding.write(value, to: &ours) else { return }
            counts.byStream += 1
            let theirs = try? encoder.encode(value)
            let objects = [Data(ours.readableBytesView), theirs ?? Data()].map {
                try? JSONSerialization.jsonObject(with: $0, options: .fragmentsAllowed) as? NSObject
            }
            if theirs == nil || objects[0] == nil || objects[0] != objects[1] {
                Issue.record(
                    "\(Value.self): \(String(buffer: ours)), not \(theirs.map { String(decoding: $0, as: UTF8.self) } ?? "an error")"
                )
            }
        }
    }

    private static let count = ProcessInfo.processInfo.environment["MQANT_JSON_TEXTS"].flatMap { Int($0) } ?? 3000

    @Test func everyTextHasTheSameValueOrRefusal() {
        let flat = Comparison<CodableSamples.Flat>()
        let sizes = Comparison<CodableSamples.Sizes>()
        let deep = Comparison<CodableSamples.Deep>()
        let shape = Comparison<CodableSamples.Shape>()
        let special = Comparison<CodableSamples.Special>()
        let lenient = Comparison<CodableSamples.Lenient>()
        let derived = Comparison<CodableSamples.Derived>()
        let silent = Comparison<CodableSamples.Silent>()
        let numbers = Comparison<[String: Double]>()
        let kinds = Comparison<[CodableSamples.Kind?]>()
        let text = Comparison<String>()
        let number = Comparison<Double>()
        var random = RandomJSON(seed: 20_261_126)
        for _ in 0..<Self.count {
            let bytes = ByteBuffer(bytes: random.next())
            flat.compare(bytes)
            sizes.compare(bytes)
            deep.compare(bytes)
            shape.compare(bytes)
            special.compare(bytes)
            lenient.compare(bytes)
            derived.compare(bytes)
            silent.compare(bytes)
            numbers.compare(bytes)
            kinds.compare(bytes)
            text.compare(bytes)
            number.compare(bytes)
        }
        // The comparison says something: much is decoded, and nearly all of what is common by the index.
        #expect(flat.counts.decoded > Self.count / 10)
        #expect(sizes.counts.decoded > Self.count / 100)
        #expect(flat.counts.byIndex > flat.counts.decoded * 8 / 10)
        #expect(flat.counts.byStream == flat.counts.decoded)
        #expect(deep.counts.byIndex > deep.counts.decoded / 2)
        #expect(derived.counts.byStream == 0)
        #expect(silent.counts.byStream == 0)
        #expect(lenient.counts.byIndex > 0)
        #expect(text.counts.byIndex > 0 && number.counts.byIndex > 0 && kinds.counts.byIndex > 0)
    }

    @Test func aDecoderThatOutlivesItsReadingFindsNothing() throws {
        let kept = try #require(
            IndexDecoding.decode(ByteBuffer(string: #"[{"a":1}]"#)) { IndexDecoder(decoding: $0, position: 0) })
        #expect(throws: (any Error).self) { try kept.unkeyedContainer() }
        #expect(throws: (any Error).self) { try kept.decode(Int.self) }
        #expect(!kept.decodeNil())
    }
}
