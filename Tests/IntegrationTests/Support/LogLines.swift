import Logging

/// A logger whose lines a test reads: level, message and metadata.
struct LogLines: LogHandler {
    let lines: Log<String>
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    static func logger() -> (Logger, Log<String>) {
        let lines = Log<String>()
        return (Logger(label: "test") { _ in LogLines(lines: lines) }, lines)
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let metadata = self.metadata.merging(event.metadata ?? [:]) { $1 }
        lines.add("\(event.level) \(event.message) \(metadata)")
    }
}

extension Log<String> {
    func count(of text: String) -> Int { elements.count { $0.contains(text) } }
}
