import Glibc
public import Logging

/// Writes log lines for people: time, level, message, and metadata as `key=value`, on standard error.
///
/// Whoever logs does not wait for the reader: lines that a reader does not take in time are dropped, and a line says
/// how many.
public struct TerminalLogHandler: LogHandler {
    /// Lines below this level are not written.
    public var logLevel: Logger.Level
    /// What stands on every line of this handler.
    public var metadata: Logger.Metadata = [:]
    private let writer: LogWriter

    /// Makes a handler of lines of at least a level. All handlers share one thread that writes.
    public init(level: Logger.Level) { self.init(level: level, writer: .standardError) }

    package init(level: Logger.Level, writer: LogWriter) {
        logLevel = level
        self.writer = writer
    }

    /// One item of ``metadata``.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line. Never waits for its reader.
    public func log(event: LogEvent) {
        var text = TerminalText.line("\(event.message)")
        let metadata = metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 })
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            text += " \(TerminalText.line(key))=\(TerminalText.value(value.description))"
        }
        writer.write(Self.line(event.level, text))
    }

    /// The line that stands for lines that were dropped.
    package static func droppedLines(_ count: Int) -> String {
        line(.warning, count == 1 ? "a line of the log was dropped" : "\(count) lines of the log were dropped")
    }

    private static func line(_ level: Logger.Level, _ text: String) -> String {
        "\(timestamp()) \(name(of: level)) \(text)\n"
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func timestamp() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
