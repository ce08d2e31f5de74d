/// What each client does, read from a text with a step a line:
///
///     connect
///     request Login/Handler_Login {"userName":"{user}","passWord":"x"}
///     repeat 10
///       pause 0.5-1.5
///       request Table/Handler_Play {"card":{random:1-52}}
///       wait Table/OnPlay {user}
///     end
struct Script: Equatable, Sendable {
    struct Fault: Error, Equatable, CustomStringConvertible {
        let line: Int
        let reason: String
        var description: String { "line \(line): \(reason)" }
    }

    static let deepest = 8
    static let longest = 1000

    private(set) var steps: [ScriptStep] = []
    /// Under which name the times of a step are told: its topic and line.
    private(set) var names: [Int: String] = [:]

    /// Whether some step waits for pushes: else nobody keeps them.
    var waitsForPushes: Bool {
        steps.contains {
            if case .wait = $0 { return true }
            return false
        }
    }

    init(_ text: String, names templateNames: Template.Names = Template.Names()) throws(Fault) {
        var open: [(step: Int, line: Int)] = []
        var number = 0
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            number += 1
            let words = line.split(maxSplits: 1) { $0.isWhitespace }
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            let rest = words.count > 1 ? Self.trimmed(words[1]) : ""
            let parser = StepParser(line: number, rest: rest, names: templateNames)
            switch name {
            case "repeat":
                guard open.count < Self.deepest else {
                    throw Fault(line: number, reason: "more than \(Self.deepest) repeats in each other")
                }
                open.append((steps.count, number))
                steps.append(.repeat(times: try parser.times(), end: 0))
            case "end":
                try parser.nothing()
                guard let (start, _) = open.popLast(), case .repeat(let times, _) = steps[start] else {
                    throw Fault(line: number, reason: "end without repeat")
                }
                steps[start] = .repeat(times: times, end: steps.count)
                steps.append(.end(start: start))
            default:
                let step = try parser.step(String(name))
                if case .request(let topic, _) = step { names[steps.count] = "\(number) request \(topic.source)" }
                if case .wait(let topic, _) = step { names[steps.count] = "\(number) wait \(topic.source)" }
                if case .connect = step { names[steps.count] = "\(number) connect" }
                steps.append(step)
            }
            guard steps.count <= Self.longest else {
                throw Fault(line: number, reason: "more than \(Self.longest) steps")
            }
        }
        if let (_, line) = open.last { throw Fault(line: line, reason: "repeat without end") }
        guard case .connect? = steps.first else { throw Fault(line: 1, reason: "the first step must be connect") }
        try checkRepeats()
    }

    /// A repeat in which nothing takes time would never come to an end.
    private func checkRepeats() throws(Fault) {
        for (index, step) in steps.enumerated() {
            guard case .repeat(nil, let end) = step else { continue }
            let takesTime = steps[index..<end].contains {
                switch $0 {
                case .request, .wait, .subscribe, .connect: true
                case .pause(let range): range.lowerBound > 0
                default: false
                }
            }
            guard takesTime else {
                throw Fault(line: 1, reason: "a repeat without a number needs a request, a wait or a pause in it")
            }
        }
    }

    static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
