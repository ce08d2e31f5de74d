/// One entry of `Module` in `server.conf`: an instance, or with `{host}` in its `Id` and a CIDR `Host` any number of them.
public struct ModuleEntry: Sendable {
    /// The module's type, such as `Chat`.
    public let type: String

    /// The entry's place among those of its type, from 0.
    public let index: Int

    /// The `Id` as written, which may hold `{host}`.
    public let idTemplate: String

    /// The broker of this entry; nil where neither it nor the file names one.
    public let rabbitMQ: RabbitMQOptions?

    /// The entry's `Settings`; empty where there are none.
    package let settings: SettingsObject

    /// Which machines start it.
    package let host: HostPattern

    /// The `Id` with the place where it stands.
    let id: ConfigurationText
    let idOffset: Int
    let path: ConfigurationPath

    /// What the module's own check of its settings found worth showing.
    let notes: [ConfigurationNote]

    /// Where the module will listen, as its check of the settings said.
    package let listeners: [SettingsReader.Listener]

    /// The descriptors that the module will need, as its check of the settings said.
    package let descriptors: DescriptorDemand?

    /// The entry's key path, such as `Module.Chat[1]`.
    package var keyPath: String { path.description }

    /// Whether the `Id` differs from machine to machine.
    package var hasHostPlaceholder: Bool { id.value.contains(Self.hostPlaceholder) }

    static let hostPlaceholder = "{host}"

    /// The longest `Id`, in bytes: it is a part of queue names, which hold 255 (AMQP 0-9-1 §4.2.5.3).
    static let maximumIDLength = 120

    /// The `Id` on a machine that was matched as `host`, and the same for the operator's eyes.
    func expandedID(host: String) -> (id: String, shown: String) {
        var shown = ""
        var start = 0
        for range in id.value.ranges(of: Self.hostPlaceholder) {
            shown += id.shown(start..<id.value.utf8Offset(of: range.lowerBound)) + host
            start = id.value.utf8Offset(of: range.upperBound)
        }
        shown += id.shown(start..<id.value.utf8.count)
        return (id.value.replacing(Self.hostPlaceholder, with: host), shown)
    }

    /// What is wrong with an `Id` as written; nil where nothing is.
    static func fault(ofID text: String) -> String? {
        let rest = text.replacing(hostPlaceholder, with: "")
        if text.isEmpty { return "is empty" }
        if rest.utf8.count > maximumIDLength { return "is longer than \(maximumIDLength) bytes" }
        if !rest.unicodeScalars.allSatisfy(\.isPrintable) { return "must not hold white space or control characters" }
        if rest.contains("{") || rest.contains("}") { return "knows no other placeholder than {host}" }
        return nil
    }

    /// What is wrong with a module type: it is a level of an MQTT topic (MQTT 3.1.1 §4.7) and a part of names of AMQP.
    static func fault(ofType text: String) -> String? {
        if text.isEmpty { return "is an empty module type" }
        if text.utf8.count > 60 { return "is longer than 60 bytes" }
        if !text.unicodeScalars.allSatisfy(\.isPrintable) { return "must not hold white space or control characters" }
        if text.contains(where: { "/+#".contains($0) }) {
            return "must not hold '/', '+' or '#': it is a part of topics"
        }
        return nil
    }
}

extension String {
    fileprivate func utf8Offset(of index: Index) -> Int {
        utf8.distance(from: utf8.startIndex, to: index)
    }
}
