/// Reads one line of a script.
struct StepParser {
    let line: Int
    /// What follows the step's name.
    let rest: Substring
    let names: Template.Names

    static let steps = "connect, request, publish, subscribe, wait, pause, repeat, end, disconnect"
    static let longestPause = 3600.0

    func step(_ name: String) throws(Script.Fault) -> ScriptStep {
        switch name {
        case "connect":
            try nothing()
            return .connect
        case "disconnect":
            try nothing()
            return .disconnect
        case "request":
            let (topic, payload) = try topicAndText(required: true)
            return .request(topic: topic, payload: payload ?? topic)
        case "publish":
            let (topic, payload) = try topicAndText(required: true)
            return .publish(topic: topic, payload: payload ?? topic)
        case "subscribe":
            let (topic, text) = try topicAndText(required: false)
            guard text == nil else { throw fault("subscribe takes one topic filter") }
            return .subscribe(topic)
        case "wait":
            let (topic, text) = try topicAndText(required: false)
            return .wait(topic: topic, text: text)
        case "pause": return .pause(try pause())
        default: throw fault("there is no step \(name); there are \(Self.steps)")
        }
    }

    func nothing() throws(Script.Fault) {
        guard rest.isEmpty else { throw fault("nothing may follow: \(rest)") }
    }

    /// The number of a `repeat`; nil: without end.
    func times() throws(Script.Fault) -> Int? {
        guard !rest.isEmpty else { return nil }
        guard let times = Int(rest), times > 0 else { throw fault("repeat takes a number from 1 on, or nothing") }
        return times
    }

    private func topicAndText(required: Bool) throws(Script.Fault) -> (Template, Template?) {
        let words = rest.split(maxSplits: 1) { $0.isWhitespace }
        guard let topic = words.first else { throw fault("a topic is missing") }
        guard words.count > 1 || !required else { throw fault("a payload is missing") }
        do throws(TemplateError) {
            let text = words.count > 1 ? try Template(String(Script.trimmed(words[1])), names: names) : nil
            return (try Template(String(topic), names: names), text)
        } catch {
            throw fault("\(error)")
        }
    }

    private func pause() throws(Script.Fault) -> ClosedRange<UInt64> {
        let ends = rest.split(separator: "-", omittingEmptySubsequences: false).map { Double($0) }
        guard ends.count == 1 || ends.count == 2, let from = ends[0], let to = ends[ends.count - 1], from >= 0,
            from <= to,
            to <= Self.longestPause
        else { throw fault("pause takes seconds, or two numbers of seconds: pause 0.5-2") }
        return Clock.nanoseconds(from)...Clock.nanoseconds(to)
    }

    private func fault(_ reason: String) -> Script.Fault { Script.Fault(line: line, reason: reason) }
}
