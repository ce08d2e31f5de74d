import Testing

@testable import Mqant

@Suite("Settings as a Decodable type")
struct ModuleSettingsDecodingTests {
    private struct Room: Decodable, Equatable {
        enum Mode: String, Decodable { case open, closed }
        struct Limits: Decodable, Equatable { let members: Int }

        let name: String
        var mode: Mode?
        var limits: [Limits]?
        var labels: [String: Double]?
    }

    private struct Picky: Decodable {
        struct Refusal: Error {}

        init(from decoder: any Decoder) throws { throw Refusal() }
    }

    @Test("decodes, comments, single quotes and variables included")
    func decodes() throws {
        let text = "{ // rooms\n name: '${N}\"\\n', mode: 'open', limits: [{members: 3,},], labels: {'é': 1.5} }"
        let room = try ModuleSettings(text: text, environment: ["N": "lobby"]).decode(Room.self)
        #expect(room == Room(name: "lobby\"\n", mode: .open, limits: [.init(members: 3)], labels: ["é": 1.5]))
    }

    @Test(
        "tells path and place of what does not fit",
        arguments: [
            ("{}", "Settings:1:1: Settings.name: is missing"),
            ("{name: 7}", "Settings:1:8: Settings.name: must be a string, but is 7"),
            ("{name: null}", "Settings:1:8: Settings.name: must be a string, but is null"),
            (
                "{name: '',\n limits: [{members: 1}, {members: 'x'}]}",
                "Settings:2:35: Settings.limits[1].members: must be a whole number, but is a string"
            ),
            ("{name: '', limits: [{}]}", "Settings:1:21: Settings.limits[0].members: is missing"),
            ("{name: '', limits: {}}", "Settings:1:20: Settings.limits: must be an array, but is an object"),
            ("{name: '', labels: []}", "Settings:1:20: Settings.labels: must be an object, but is an array"),
            ("{name: '', labels: {a: true}}", "Settings:1:24: Settings.labels.a: must be a number, but is true"),
            ("{name: '', mode: 'ajar'}", "Settings:1:18: Settings.mode: Cannot initialize Mode"),
            (
                "{name: '', limits: [{members: 1.5}]}",
                "Settings:1:31: Settings.limits[0].members: must be a whole number, but is 1.5"
            ),
        ])
    func faults(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) { try ModuleSettings(text: text).decode(Room.self) }
        let fault = error?.faults.first?.description ?? ""
        #expect(fault.hasPrefix(expected), "\(fault)")
    }

    @Test("never shows what came from the environment")
    func secrets() throws {
        let settings = try ModuleSettings(text: "{name: '', mode: '${M}'}", environment: ["M": "hunter2"])
        let error = #expect(throws: ConfigurationError.self) { try settings.decode(Room.self) }
        #expect(error?.faults.map(\.description) == ["Settings:1:18: Settings.mode: is not a valid value"])
    }

    @Test("decodes what asks for containers, bounds and nils of every sort")
    func containers() throws {
        struct Pair: Decodable, Equatable {
            let first: Int8
            let second: Float?
            let rest: [[Bool?]]

            init(first: Int8, second: Float?, rest: [[Bool?]]) {
                (self.first, self.second, self.rest) = (first, second, rest)
            }

            init(from decoder: any Decoder) throws {
                var values = try decoder.unkeyedContainer()
                first = try values.decode(Int8.self)
                second = try values.decodeIfPresent(Float.self)
                var nested = try values.nestedUnkeyedContainer()
                rest = [try nested.decode([Bool?].self)]
                guard values.isAtEnd else {
                    throw DecodingError.dataCorruptedError(in: values, debugDescription: "too long")
                }
            }
        }
        struct Holder: Decodable { let pairs: [Pair] }
        func pairs(_ text: String) throws -> [Pair] {
            let holder = try ModuleSettings(text: "{pairs: \(text)}").decode(Holder.self)
            return holder.pairs
        }
        #expect(
            try pairs("[[-128, 1.5, [[true, null]]], [1, null, [[]]]]") == [
                Pair(first: -128, second: 1.5, rest: [[true, nil]]), Pair(first: 1, second: nil, rest: [[]]),
            ])
        for (text, expected) in [
            ("[[128, 1, [[]]]]", "Settings.pairs[0][0]: must be a whole number, but is 128"),
            ("[[1, 1, [[]], 2]]", "Settings.pairs[0][3]: too long"),
            ("[[1, 1]]", "Settings.pairs[0][2]: is missing"),
            ("[[1, 1e99, [[]]]]", "Settings.pairs[0][1]: must be a number, but is 1e99"),
            ("[{}]", "Settings.pairs[0]: must be an array, but is an object"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try pairs(text) }
            #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
        }
    }

    @Test("names an error of the type's own")
    func ownError() {
        let error = #expect(throws: ConfigurationError.self) { try ModuleSettings(text: "{}").decode(Picky.self) }
        #expect(error?.description.contains("Settings: cannot be decoded as Picky: Refusal") == true)
    }

    @Test("settings are an object")
    func noObject() {
        let error = #expect(throws: ConfigurationError.self) { try ModuleSettings(text: "[]") }
        #expect(error?.faults.first?.message == "must be an object, but is an array")
    }
}
