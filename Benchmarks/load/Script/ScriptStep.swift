/// What a client does next.
enum ScriptStep: Equatable, Sendable {
    case connect
    /// Sends a request, and waits for its answer.
    case request(topic: Template, payload: Template)
    /// Sends a PUBLISH, and waits for nothing.
    case publish(topic: Template, payload: Template)
    case subscribe(Template)
    /// Waits for a push on a topic, if there is a text for one that contains it.
    case wait(topic: Template, text: Template?)
    /// Nanoseconds.
    case pause(ClosedRange<UInt64>)
    /// Does what stands between here and the step `end` so many times; nil: until the run ends.
    case `repeat`(times: Int?, end: Int)
    /// Goes on behind the step `start`, which is the `repeat` of this end.
    case end(start: Int)
    case disconnect
}
