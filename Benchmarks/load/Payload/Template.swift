/// A topic or payload with placeholders: `{"seat":{random:1-9},"name":"{user}"}`.
///
/// A brace that no lower-case letter follows is a brace, so JSON is written as it is.
struct Template: Sendable, Equatable {
    /// What is the same in all messages of a run.
    struct Names: Sendable, Equatable {
        var userPrefix = "user"
        var roomPrefix = "room"
        /// The bytes of `{text}`.
        var textSize = 32
    }

    enum Part: Sendable, Equatable {
        case text([UInt8])
        case client
        case room
        case count
        case stamp
        case padding(Int)
        case random(ClosedRange<UInt64>)
    }

    static let placeholders = "{client}, {user}, {room}, {n}, {text}, {pad:SIZE}, {random:FROM-TO}"
    static let longestPadding = 200_000

    /// As it was written.
    let source: String
    private(set) var parts: [Part] = []

    init(_ source: String, names: Names = Names()) throws(TemplateError) {
        self.source = source
        var rest = Array(source.utf8)[...]
        while let brace = rest.firstIndex(of: UInt8(ascii: "{")) {
            let next = rest.index(after: brace)
            guard next < rest.endIndex, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(rest[next]) else {
                add(text: rest[...brace])
                rest = rest[next...]
                continue
            }
            guard let end = rest[next...].firstIndex(of: UInt8(ascii: "}")) else {
                throw TemplateError(placeholder: String(decoding: rest[next...], as: UTF8.self), reason: "has no end")
            }
            add(text: rest[..<brace])
            try add(String(decoding: rest[next..<end], as: UTF8.self), names)
            rest = rest[(end + 1)...]
        }
        add(text: rest)
    }

    /// The bytes that all messages begin with.
    var prefix: [UInt8] {
        if case .text(let bytes)? = parts.first { return bytes }
        return []
    }

    func write(to output: OutputBuffer, _ values: TemplateValues) {
        for index in parts.indices {
            switch parts[index] {
            case .text(let bytes): output.append(bytes)
            case .client: output.appendDecimal(UInt64(values.client))
            case .room: output.appendDecimal(UInt64(values.room))
            case .count: output.appendDecimal(values.count)
            case .stamp: SayStamp(values.time).write(to: output)
            case .padding(let size): output.append(UInt8(ascii: "x"), times: size)
            case .random(let range):
                let (count, isAll) = (range.upperBound - range.lowerBound).addingReportingOverflow(1)
                output.appendDecimal(isAll ? values.random(index) : range.lowerBound + values.random(index) % count)
            }
        }
    }

    private mutating func add(text: some Sequence<UInt8>) {
        let bytes = Array(text)
        guard !bytes.isEmpty else { return }
        if case .text(let before)? = parts.last {
            parts[parts.count - 1] = .text(before + bytes)
        } else {
            parts.append(.text(bytes))
        }
    }

    private mutating func add(_ placeholder: String, _ names: Names) throws(TemplateError) {
        func fault(_ reason: String) -> TemplateError { TemplateError(placeholder: placeholder, reason: reason) }
        let pieces = placeholder.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        switch (pieces[0], pieces.count > 1 ? pieces[1] : nil) {
        case ("client", nil): parts.append(.client)
        case ("n", nil): parts.append(.count)
        case ("user", nil):
            add(text: names.userPrefix.utf8)
            parts.append(.client)
        case ("room", nil):
            add(text: names.roomPrefix.utf8)
            parts.append(.room)
        case ("text", nil):
            parts += [.stamp, .padding(max(0, names.textSize - SayStamp.size))]
        case ("pad", let size?):
            guard let size = Int(size), (0...Self.longestPadding).contains(size) else {
                throw fault("the size must be 0 to \(Self.longestPadding)")
            }
            parts.append(.padding(size))
        case ("random", let range?):
            let bounds = range.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
            guard bounds.count == 2, let from = bounds[0], let to = bounds[1], from <= to else {
                throw fault("must be two numbers, as in {random:1-6}")
            }
            parts.append(.random(from...to))
        default: throw fault("there is no such placeholder; there are \(Self.placeholders)")
        }
    }
}
