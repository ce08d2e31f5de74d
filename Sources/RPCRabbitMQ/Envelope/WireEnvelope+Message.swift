import MqantRabbitMQ
import NIOCore

extension WireEnvelope {
    /// The properties of an AMQP message of its own.
    var properties: BasicProperties {
        var properties = BasicProperties()
        properties.contentType = content == .json ? WireName.json : WireName.bytes
        properties.type = type
        properties.correlationID = correlationID
        properties.replyTo = replyTo
        properties.appID = appID
        if let timeout { properties.expiration = String(timeout) }
        if !headers.isEmpty {
            properties.headers = FieldTable(
                entries: headers.map { FieldTable.Entry(key: $0.name, value: .string($0.value)) })
        }
        return properties
    }

    /// Reads a message of its own; nil: its content type is neither JSON nor bytes.
    init?(_ properties: BasicProperties, body: ByteBuffer) {
        let content: Content
        switch properties.contentType {
        case WireName.json: content = .json
        case WireName.bytes: content = .bytes
        default: return nil
        }
        self.init(type: properties.type ?? "", content: content, body: body)
        correlationID = properties.correlationID
        replyTo = properties.replyTo
        appID = properties.appID
        timeout = properties.expiration.flatMap { UInt32($0) }
        for entry in properties.headers.entries {
            // A session of another type is not none: it is one that cannot be read.
            guard let value = entry.value.text ?? (entry.key == WireName.session ? "" : nil) else { continue }
            if entry.key == WireName.timeout {
                timeout = UInt32(value) ?? timeout
            } else {
                headers.append(Header(name: entry.key, value: value))
            }
        }
    }
}

extension FieldValue {
    /// A value that another language did not write as a string; nil for what has no text of its own.
    fileprivate var text: String? {
        string ?? integer.map { String($0) }
    }
}
