internal import CMqantRabbitMQ
internal import NIOCore

extension FieldTable {
    /// The table in the library's form. Valid until the pool is recycled.
    func encoded(in pool: ScratchPool, depth: Int = 0) throws(RabbitMQError) -> amqp_table_t {
        if entries.isEmpty { return amqp_table_t(num_entries: 0, entries: nil) }
        guard depth < Self.maximumDepth else {
            throw RabbitMQError(.invalidArgument, "a table is nested more than \(Self.maximumDepth) levels deep")
        }
        let memory = try pool.allocate(amqp_table_entry_t.self, count: entries.count)
        for (index, entry) in entries.enumerated() {
            if entry.key.utf8.count > ShortString.maximumLength {
                throw RabbitMQError(.invalidArgument, "a name in a table is longer than 255 bytes")
            }
            let value = try entry.value.encoded(in: pool, depth: depth + 1)
            (memory + index).initialize(to: amqp_table_entry_t(key: try pool.bytes(entry.key), value: value))
        }
        return amqp_table_t(num_entries: Int32(clamping: entries.count), entries: memory)
    }

    /// nil: nested too deeply, or of a type that RabbitMQ does not know.
    init?(decoding table: amqp_table_t, depth: Int = 0) {
        self.init()
        guard table.num_entries > 0, let source = table.entries else { return }
        guard depth < Self.maximumDepth else { return nil }
        let received = UnsafeBufferPointer(start: source, count: Int(table.num_entries))
        entries.reserveCapacity(received.count)
        for entry in received {
            guard let value = FieldValue(decoding: entry.value, depth: depth + 1) else { return nil }
            let key = UnsafeRawBufferPointer(start: entry.key.bytes, count: entry.key.bytes == nil ? 0 : entry.key.len)
            entries.append(Entry(key: String(decoding: key, as: UTF8.self), value: value))
        }
    }
}

extension FieldValue {
    fileprivate func encoded(in pool: ScratchPool, depth: Int) throws(RabbitMQError) -> amqp_field_value_t {
        var result = amqp_field_value_t()
        func kind(_ kind: amqp_field_value_kind_t) { result.kind = UInt8(truncatingIfNeeded: kind.rawValue) }
        switch self {
        case .bool(let value):
            kind(AMQP_FIELD_KIND_BOOLEAN)
            result.value.boolean = value ? 1 : 0
        case .int8(let value):
            kind(AMQP_FIELD_KIND_I8)
            result.value.i8 = value
        case .uint8(let value):
            kind(AMQP_FIELD_KIND_U8)
            result.value.u8 = value
        case .int16(let value):
            kind(AMQP_FIELD_KIND_I16)
            result.value.i16 = value
        case .uint16(let value):
            kind(AMQP_FIELD_KIND_U16)
            result.value.u16 = value
        case .int32(let value):
            kind(AMQP_FIELD_KIND_I32)
            result.value.i32 = value
        case .uint32(let value):
            kind(AMQP_FIELD_KIND_U32)
            result.value.u32 = value
        case .int64(let value):
            kind(AMQP_FIELD_KIND_I64)
            result.value.i64 = value
        case .float(let value):
            kind(AMQP_FIELD_KIND_F32)
            result.value.f32 = value
        case .double(let value):
            kind(AMQP_FIELD_KIND_F64)
            result.value.f64 = value
        case .decimal(let scale, let value):
            kind(AMQP_FIELD_KIND_DECIMAL)
            result.value.decimal = amqp_decimal_t(decimals: scale, value: value)
        case .string(let text):
            kind(AMQP_FIELD_KIND_UTF8)
            result.value.bytes = try pool.bytes(text)
        case .bytes(let buffer):
            kind(AMQP_FIELD_KIND_BYTES)
            result.value.bytes = try pool.bytes(buffer)
        case .timestamp(let value):
            kind(AMQP_FIELD_KIND_TIMESTAMP)
            result.value.u64 = value
        case .void: kind(AMQP_FIELD_KIND_VOID)
        case .table(let table):
            kind(AMQP_FIELD_KIND_TABLE)
            result.value.table = try table.encoded(in: pool, depth: depth)
        case .array(let values):
            kind(AMQP_FIELD_KIND_ARRAY)
            result.value.array = try Self.encoded(values, in: pool, depth: depth)
        }
        return result
    }

    private static func encoded(
        _ values: [FieldValue], in pool: ScratchPool, depth: Int
    ) throws(RabbitMQError) -> amqp_array_t {
        guard depth < FieldTable.maximumDepth else {
            throw RabbitMQError(.invalidArgument, "an array is nested more than \(FieldTable.maximumDepth) levels deep")
        }
        let memory = try pool.allocate(amqp_field_value_t.self, count: values.count)
        for (index, value) in values.enumerated() {
            (memory + index).initialize(to: try value.encoded(in: pool, depth: depth + 1))
        }
        return amqp_array_t(num_entries: Int32(clamping: values.count), entries: memory)
    }

    fileprivate init?(decoding field: amqp_field_value_t, depth: Int) {
        let value = field.value
        switch amqp_field_value_kind_t(rawValue: UInt32(field.kind)) {
        case AMQP_FIELD_KIND_BOOLEAN: self = .bool(value.boolean != 0)
        case AMQP_FIELD_KIND_I8: self = .int8(value.i8)
        case AMQP_FIELD_KIND_U8: self = .uint8(value.u8)
        case AMQP_FIELD_KIND_I16: self = .int16(value.i16)
        case AMQP_FIELD_KIND_U16: self = .uint16(value.u16)
        case AMQP_FIELD_KIND_I32: self = .int32(value.i32)
        case AMQP_FIELD_KIND_U32: self = .uint32(value.u32)
        case AMQP_FIELD_KIND_I64: self = .int64(value.i64)
        case AMQP_FIELD_KIND_F32: self = .float(value.f32)
        case AMQP_FIELD_KIND_F64: self = .double(value.f64)
        case AMQP_FIELD_KIND_DECIMAL: self = .decimal(scale: value.decimal.decimals, value: value.decimal.value)
        case AMQP_FIELD_KIND_TIMESTAMP: self = .timestamp(value.u64)
        case AMQP_FIELD_KIND_VOID: self = .void
        case AMQP_FIELD_KIND_UTF8, AMQP_FIELD_KIND_BYTES:
            let isText = field.kind == UInt8(truncatingIfNeeded: AMQP_FIELD_KIND_UTF8.rawValue)
            let count = value.bytes.bytes == nil ? 0 : value.bytes.len
            let bytes = UnsafeRawBufferPointer(start: value.bytes.bytes, count: count)
            if isText, let text = String(validating: bytes, as: UTF8.self) {
                self = .string(text)
            } else {
                self = .bytes(ByteBuffer(bytes: bytes))
            }
        case AMQP_FIELD_KIND_TABLE:
            guard let table = FieldTable(decoding: value.table, depth: depth) else { return nil }
            self = .table(table)
        case AMQP_FIELD_KIND_ARRAY:
            guard depth < FieldTable.maximumDepth else { return nil }
            let count = value.array.entries == nil ? 0 : max(0, Int(value.array.num_entries))
            var values: [FieldValue] = []
            for item in UnsafeBufferPointer(start: value.array.entries, count: count) {
                guard let decoded = FieldValue(decoding: item, depth: depth + 1) else { return nil }
                values.append(decoded)
            }
            self = .array(values)
        default: return nil
        }
    }
}
