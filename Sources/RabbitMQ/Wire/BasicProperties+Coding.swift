internal import CMqantRabbitMQ

extension BasicProperties {
    /// The properties in the library's form. Valid until the pool is recycled.
    func encoded(in pool: ScratchPool) throws(RabbitMQError) -> amqp_basic_properties_t {
        var result = amqp_basic_properties_t()
        var flags: UInt32 = 0
        if let contentType {
            flags |= Flag.contentType
            result.content_type = try pool.bytes(contentType)
        }
        if let contentEncoding {
            flags |= Flag.contentEncoding
            result.content_encoding = try pool.bytes(contentEncoding)
        }
        if !headers.isEmpty {
            flags |= Flag.headers
            result.headers = try headers.encoded(in: pool)
        }
        if let deliveryMode {
            flags |= Flag.deliveryMode
            result.delivery_mode = deliveryMode.rawValue
        }
        if let priority {
            flags |= Flag.priority
            result.priority = priority
        }
        if let correlationID {
            flags |= Flag.correlationID
            result.correlation_id = try pool.bytes(correlationID)
        }
        if let replyTo {
            flags |= Flag.replyTo
            result.reply_to = try pool.bytes(replyTo)
        }
        if let expiration {
            flags |= Flag.expiration
            result.expiration = try pool.bytes(expiration)
        }
        if let messageID {
            flags |= Flag.messageID
            result.message_id = try pool.bytes(messageID)
        }
        if let timestamp {
            flags |= Flag.timestamp
            result.timestamp = timestamp
        }
        if let type {
            flags |= Flag.type
            result.type = try pool.bytes(type)
        }
        if let userID {
            flags |= Flag.userID
            result.user_id = try pool.bytes(userID)
        }
        if let appID {
            flags |= Flag.appID
            result.app_id = try pool.bytes(appID)
        }
        if let clusterID {
            flags |= Flag.clusterID
            result.cluster_id = try pool.bytes(clusterID)
        }
        result._flags = flags
        return result
    }

    /// nil: its header table cannot be represented.
    init?(decoding source: amqp_basic_properties_t, strings: inout StringCache) {
        self.init()
        let flags = source._flags
        if flags & Flag.headers != 0 {
            guard let table = FieldTable(decoding: source.headers) else { return nil }
            headers = table
        }
        if flags & Flag.contentType != 0 { contentType = strings.string(source.content_type) }
        if flags & Flag.contentEncoding != 0 { contentEncoding = strings.string(source.content_encoding) }
        if flags & Flag.deliveryMode != 0 { deliveryMode = DeliveryMode(rawValue: source.delivery_mode) }
        if flags & Flag.priority != 0 { priority = source.priority }
        if flags & Flag.correlationID != 0 { correlationID = strings.string(source.correlation_id) }
        if flags & Flag.replyTo != 0 { replyTo = strings.string(source.reply_to) }
        if flags & Flag.expiration != 0 { expiration = strings.string(source.expiration) }
        if flags & Flag.messageID != 0 { messageID = strings.string(source.message_id) }
        if flags & Flag.timestamp != 0 { timestamp = source.timestamp }
        if flags & Flag.type != 0 { type = strings.string(source.type) }
        if flags & Flag.userID != 0 { userID = strings.string(source.user_id) }
        if flags & Flag.appID != 0 { appID = strings.string(source.app_id) }
        if flags & Flag.clusterID != 0 { clusterID = strings.string(source.cluster_id) }
    }

    /// The presence bits of AMQP 0-9-1 §4.2.6.1, in the order of the properties.
    private enum Flag {
        static let contentType = UInt32(AMQP_BASIC_CONTENT_TYPE_FLAG)
        static let contentEncoding = UInt32(AMQP_BASIC_CONTENT_ENCODING_FLAG)
        static let headers = UInt32(AMQP_BASIC_HEADERS_FLAG)
        static let deliveryMode = UInt32(AMQP_BASIC_DELIVERY_MODE_FLAG)
        static let priority = UInt32(AMQP_BASIC_PRIORITY_FLAG)
        static let correlationID = UInt32(AMQP_BASIC_CORRELATION_ID_FLAG)
        static let replyTo = UInt32(AMQP_BASIC_REPLY_TO_FLAG)
        static let expiration = UInt32(AMQP_BASIC_EXPIRATION_FLAG)
        static let messageID = UInt32(AMQP_BASIC_MESSAGE_ID_FLAG)
        static let timestamp = UInt32(AMQP_BASIC_TIMESTAMP_FLAG)
        static let type = UInt32(AMQP_BASIC_TYPE_FLAG)
        static let userID = UInt32(AMQP_BASIC_USER_ID_FLAG)
        static let appID = UInt32(AMQP_BASIC_APP_ID_FLAG)
        static let clusterID = UInt32(AMQP_BASIC_CLUSTER_ID_FLAG)
    }
}
