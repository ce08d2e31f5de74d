extension ModuleSettings {
    /// Decodes the settings as a type of the module's own. The first fault ends it, and keys that the type does not
    /// know pass unseen: where that matters, use ``read(_:)``.
    ///
    /// - Throws: One fault with the key path and the place in the file.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws(ConfigurationError) -> Value {
        do {
            return try ConfigurationDecoder(value: value, codingPath: []).decode(type)
        } catch let error as DecodingError {
            throw ConfigurationError(fault(for: error))
        } catch {
            // Its text may hold any value, so only its type is told.
            let reason = "cannot be decoded as \(type): \(Swift.type(of: error))"
            throw ConfigurationError(source.fault(at: value.offset, path: path, reason))
        }
    }

    private func fault(for error: DecodingError) -> ConfigurationError.Fault {
        switch error {
        case .keyNotFound(let key, let context):
            let (place, path) = locate(context.codingPath)
            return source.fault(at: place.offset, path: path.appending(key), "is missing")
        case .typeMismatch(let type, let context):
            let (place, path) = locate(context.codingPath)
            let message = "must be \(Self.name(of: type)), but is \(place.shown)"
            return source.fault(at: place.offset, path: path, message)
        case .valueNotFound(let type, let context):
            let (place, path) = locate(context.codingPath)
            let message = place.isNull ? "must be \(Self.name(of: type)), but is null" : "is missing"
            return source.fault(at: place.offset, path: path, message)
        case .dataCorrupted(let context):
            let (place, path) = locate(context.codingPath)
            // The decoder's words may quote the value.
            let message = place.isFromEnvironment ? "is not a valid value" : context.debugDescription
            return source.fault(at: place.offset, path: path, message)
        @unknown default:
            return source.fault(at: value.offset, path: path, "cannot be decoded")
        }
    }

    /// The value at the end of a coding path, or the last one on the way that exists.
    private func locate(_ codingPath: [any CodingKey]) -> (ConfigurationValue, ConfigurationPath) {
        var value = value
        var path = path
        for key in codingPath {
            if let index = key.intValue, let element = value[index] {
                value = element
                path = path.appending(index)
            } else if let member = value[key.stringValue] {
                value = member
                path = path.appending(key.stringValue)
            } else {
                return (value, path.appending(key))
            }
        }
        return (value, path)
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is Double.Type, is Float.Type: "a number"
        case is any FixedWidthInteger.Type: "a whole number"
        case is any ArrayOfAnything.Type: "an array"
        case is any DictionaryOfAnything.Type: "an object"
        default: "\(type)"
        }
    }
}

extension ConfigurationPath {
    fileprivate func appending(_ key: any CodingKey) -> Self {
        key.intValue.map(appending) ?? appending(key.stringValue)
    }
}

extension ConfigurationValue {
    /// Its kind; of a number, which no environment variable makes, the number itself.
    fileprivate var shown: String {
        if case .number(let text) = content { String(text.prefix(24)) } else { kind }
    }
}

// The element types are of no interest for a fault.
private protocol ArrayOfAnything {}
extension Array: ArrayOfAnything {}
private protocol DictionaryOfAnything {}
extension Dictionary: DictionaryOfAnything {}
