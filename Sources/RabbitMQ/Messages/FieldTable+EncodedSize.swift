internal import NIOCore

extension FieldTable {
    /// Bytes on the wire; throws what the encoder could not carry. Runs on the caller's thread, before queueing.
    func checkedSize(depth: Int = 0) throws(RabbitMQError) -> Int {
        guard depth < Self.maximumDepth else {
            throw RabbitMQError(.invalidArgument, "a table is nested more than \(Self.maximumDepth) levels deep")
        }
        var size = 4
        for entry in entries {
            let key = entry.key.utf8.count
            guard key <= ShortString.maximumLength else {
                throw RabbitMQError(.invalidArgument, "a name in a table is longer than 255 bytes")
            }
            size += 1 + key + (try entry.value.checkedSize(depth: depth + 1))
        }
        return size
    }
}

extension FieldValue {
    fileprivate func checkedSize(depth: Int) throws(RabbitMQError) -> Int {
        switch self {
        case .void: return 1
        case .bool, .int8, .uint8: return 2
        case .int16, .uint16: return 3
        case .int32, .uint32, .float: return 5
        case .decimal: return 6
        case .int64, .double, .timestamp: return 9
        case .string(let text): return 5 + text.utf8.count
        case .bytes(let buffer): return 5 + buffer.readableBytes
        case .table(let table): return 1 + (try table.checkedSize(depth: depth))
        case .array(let values):
            guard depth < FieldTable.maximumDepth else {
                throw RabbitMQError(
                    .invalidArgument, "an array is nested more than \(FieldTable.maximumDepth) levels deep")
            }
            var size = 5
            for value in values { size += try value.checkedSize(depth: depth + 1) }
            return size
        }
    }
}
