import Mqant
import NIOCore
import NIOHTTPTypes

/// Bounds what a connection may ask for, and the time that it takes: who goes beyond is cut off.
final class RequestBounds: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// Bytes of a header's name or value, or of a URL.
    static let headerFieldSize = 8192
    /// Bytes of all headers of a request: those of a page's host may have cookies of 4 KiB each (RFC 6265 §6.1).
    static let headerSize = 32_768
    static let headerFields = 100
    /// Bytes of a body, which nobody reads.
    static let bodySize = 65_536
    /// Requests that wait for their answers, that which is answered now among them.
    static let unansweredRequests = 16

    private let requestTimeout: TimeAmount
    private let writeTimeout: TimeAmount
    private var bodyBytes = 0
    private var isInRequest = false
    private var unanswered = 0
    private var unwritten = 0
    /// When the request that is awaited, or comes in, must have come; nil while one is answered, and none comes in.
    private var requestDeadline: NIODeadline?
    /// When the next of what is written must have left; nil while nothing is.
    private var writeDeadline: NIODeadline?
    private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
    private var isClosing = false

    init(_ configuration: WebSettings) {
        requestTimeout = TimeAmount(configuration.requestTimeout)
        writeTimeout = TimeAmount(configuration.writeTimeout)
    }

    func handlerAdded(context: ChannelHandlerContext) { awaitRequest(context) }

    func handlerRemoved(context: ChannelHandlerContext) {
        isClosing = true
        timer?.task.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            isInRequest = true
            if requestDeadline == nil { awaitRequest(context) }
        case .body(let bytes):
            bodyBytes += bytes.readableBytes
        case .end:
            bodyBytes = 0
            isInRequest = false
            requestDeadline = nil
        }
        guard unanswered <= Self.unansweredRequests, bodyBytes <= Self.bodySize else { return close(context) }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let promise = promise ?? context.eventLoop.makePromise()
        unwritten += 1
        if unwritten == 1 { setWriteDeadline(context) }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in
            let (handler, context) = bound.value
            handler.wrote(context)
        }
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered == 0, !isInRequest, !isClosing { awaitRequest(context) }
        }
        context.write(data, promise: promise)
    }

    private func wrote(_ context: ChannelHandlerContext) {
        unwritten -= 1
        writeDeadline = nil
        if unwritten > 0, !isClosing { setWriteDeadline(context) }
    }

    // MARK: Time

    private func awaitRequest(_ context: ChannelHandlerContext) {
        let deadline = NIODeadline.now() + requestTimeout
        requestDeadline = deadline
        look(at: deadline, context)
    }

    private func setWriteDeadline(_ context: ChannelHandlerContext) {
        let deadline = NIODeadline.now() + writeTimeout
        writeDeadline = deadline
        look(at: deadline, context)
    }

    /// Looks at the deadlines at a time, or before.
    private func look(at deadline: NIODeadline, _ context: ChannelHandlerContext) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            handler.checkDeadlines(context)
        }
        timer = (task, deadline)
    }

    private func checkDeadlines(_ context: ChannelHandlerContext) {
        timer = nil
        guard let next = [requestDeadline, writeDeadline].compactMap({ $0 }).min() else { return }
        if next <= .now() { close(context) } else { look(at: next, context) }
    }

    private func close(_ context: ChannelHandlerContext) {
        isClosing = true
        context.close(promise: nil)
    }
}
