import Mqant
import NIOCore

/// Where a client's PUBLISH goes: `serverType/handler` or `serverType/handler/msgid`.
struct RequestTopic {
    let type: ModuleType
    let function: String
    /// Whether clients may call the function.
    let isReachable: Bool
    /// True if the topic has a message id: the client wants the reply.
    let wantsReply: Bool

    static let prefix = "Handler_"
    static let format = "Topic must be [serverType]/[handler]|[serverType]/[handler]/[msgid]"
}

/// Reads topics, remembering the routes that clients use: most requests then make no string.
struct RequestTopicReader {
    /// More routes than that are clients' inventions.
    private static let maximumRoutes = 1024
    /// A longer route is not remembered: each is the client's text, kept twice.
    static let longestRoute = 128

    struct Route {
        var type: ModuleType
        var function: String
        var isReachable: Bool
    }

    private(set) var routes: [ByteBuffer: Route] = [:]

    /// - Returns: nil if the topic has not two or three levels.
    mutating func read(_ topic: ByteBuffer) -> RequestTopic? {
        let bytes = topic.readableBytesView
        guard let first = bytes.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let rest = bytes[(first + 1)...]
        let second = rest.firstIndex(of: UInt8(ascii: "/"))
        var wantsReply = false
        if let second {
            guard !bytes[(second + 1)...].contains(UInt8(ascii: "/")) else { return nil }
            wantsReply = second + 1 < bytes.endIndex
        }
        let end = second ?? bytes.endIndex
        guard let path = topic.getSlice(at: bytes.startIndex, length: end - bytes.startIndex) else { return nil }
        let route = routes[path] ?? learn(path, typeLength: first - bytes.startIndex)
        return RequestTopic(
            type: route.type, function: route.function, isReachable: route.isReachable, wantsReply: wantsReply)
    }

    private mutating func learn(_ path: ByteBuffer, typeLength: Int) -> Route {
        let text = path.readableBytesView
        let middle = text.index(text.startIndex, offsetBy: typeLength)
        let function = String(decoding: text[text.index(after: middle)...], as: UTF8.self)
        let route = Route(
            type: ModuleType(String(decoding: text[..<middle], as: UTF8.self)), function: function,
            isReachable: function.hasBytePrefix(RequestTopic.prefix))
        guard path.readableBytes <= Self.longestRoute else { return route }
        if routes.count >= Self.maximumRoutes { routes.removeAll(keepingCapacity: true) }
        // A copy: the slice would keep the whole read buffer.
        routes[ByteBuffer(bytes: text)] = route
        return route
    }
}
