import Testing

@testable import MqantLoad

@Suite("Templates of payloads") struct TemplateTests {
    private func rendered(_ source: String, _ values: TemplateValues, names: Template.Names = .init()) throws -> String
    {
        let output = OutputBuffer()
        try Template(source, names: names).write(to: output, values)
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test func placeholdersStandForWhatIsSent() throws {
        let values = TemplateValues(client: 17, room: 3, count: 205)
        let text = try rendered(#"{"u":"{user}","c":{client},"r":"{room}","n":{n}}"#, values)
        #expect(text == #"{"u":"user17","c":17,"r":"room3","n":205}"#)
        let names = Template.Names(userPrefix: "é", roomPrefix: "")
        #expect(try rendered("{user}/{room}", values, names: names) == "é17/3")
    }

    @Test(arguments: ["{}", #"{"a":{"b":[{},{ }]}}"#, "{1}", "}", "", "{", #"{"text":"é"}"#])
    func bracesOfJSONStayAsTheyAre(text: String) throws {
        #expect(try rendered(text, TemplateValues(client: 0)) == text)
    }

    @Test func randomNumbersAreInTheirRangeAndTakeEachValue() throws {
        let template = try Template("{random:3-5}")
        var seen: Set<String> = []
        for count in 0..<200 as Range<UInt64> {
            let output = OutputBuffer()
            template.write(to: output, TemplateValues(client: 1, count: count))
            seen.insert(String(decoding: output.bytes, as: UTF8.self))
        }
        #expect(seen == ["3", "4", "5"])
        #expect(try rendered("{random:7-7}", TemplateValues(client: 1)) == "7")
        #expect(try rendered("{random:0-18446744073709551615}", TemplateValues(client: 1)).isEmpty == false)
    }

    @Test func twoPlaceholdersOfAMessageDiffer() throws {
        let text = try rendered("{random:1-1000000000} {random:1-1000000000}", TemplateValues(client: 1, count: 1))
        let words = text.split(separator: " ")
        #expect(words.count == 2 && words[0] != words[1])
    }

    @Test func paddingHasItsSize() throws {
        #expect(try rendered("{pad:5}", TemplateValues(client: 0)) == "xxxxx")
        #expect(try rendered("{pad:0}", TemplateValues(client: 0)) == "")
    }

    @Test(arguments: [
        ("{users}", "there is no such placeholder"), ("{user", "has no end"), ("{pad:-1}", "0 to"),
        ("{pad:200001}", "0 to"), ("{pad}", "no such"), ("{random:6-1}", "two numbers"), ("{random:1}", "two numbers"),
        ("{random:a-b}", "two numbers"), ("{client:1}", "no such"),
    ])
    func mistakesAreNamed(source: String, reason: String) {
        let error = #expect(throws: TemplateError.self) { try Template(source) }
        #expect(error?.reason.contains(reason) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test(arguments: [0, 1, 0xdead_beef, .max] as [UInt64]) func stampsAreReadAgain(time: UInt64) throws {
        let names = Template.Names(textSize: 40)
        let text = try rendered(#"{"to":"a@b","say":"{text}"}"#, TemplateValues(client: 0, time: time), names: names)
        #expect(text.utf8.count == #"{"to":"a@b","say":""}"#.utf8.count + 40)
        let stamp = Array(text.utf8).withUnsafeBytes { SayStamp(in: $0) }
        #expect(stamp == SayStamp(time))
    }

    @Test(arguments: ["", "@", "@0123456789abcdef", "@0123456789abcdeg@", "0123456789abcdef@"])
    func otherTextsHaveNoStamp(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { SayStamp(in: $0) } == nil)
    }
}
