/// Says what is wrong with JSON in words that a client's author understands.
enum DecodingFault {
    static func text(of error: any Error) -> String {
        switch error {
        case DecodingError.typeMismatch(let type, let context):
            "\(place(context))must be \(name(of: type))"
        case DecodingError.valueNotFound(let type, let context):
            context.debugDescription.contains("at end")
                ? "too few arguments" : "\(place(context))must be \(name(of: type)), not null"
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context, then: key))is missing"
        case DecodingError.dataCorrupted(let context):
            "\(place(context))\(context.debugDescription)"
        default:
            String(describing: error)
        }
    }

    /// The path without the argument's own index, which is of no use to who wrote the object.
    private static func place(_ context: DecodingError.Context, then key: (any CodingKey)? = nil) -> String {
        let path = (context.codingPath + (key.map { [$0] } ?? [])).filter { $0.intValue == nil }.map(\.stringValue)
        return path.isEmpty ? "" : path.joined(separator: ".") + " "
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "a boolean"
        case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
        case is any DictionaryType.Type: "an object"
        case is any Collection.Type: "an array"
        default: "an object"
        }
    }
}

/// Dictionaries of any kind: JSON's objects.
private protocol DictionaryType {}

extension Dictionary: DictionaryType {}
