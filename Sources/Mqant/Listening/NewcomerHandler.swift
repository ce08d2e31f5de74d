import Glibc
import Logging
import MqantConfiguration
import NIOCore

/// Stands before a listening socket: lets newcomers in while there is a place, closes the others, and pauses while the
/// system has no descriptor for another connection.
///
/// A place is given back when the socket is really closed, in whatever way: a TLS connection stays open for up to 5 s
/// after it was told to close.
final class NewcomerHandler: ChannelDuplexHandler {
    typealias InboundIn = any Channel
    typealias OutboundIn = Never

    /// How many newcomers without a place may have an open socket at a time. While there are as many, nobody is accepted.
    static let maximumLeaving = DescriptorDemand.newcomers

    /// How long a pause takes.
    private static let pause = TimeAmount.milliseconds(200)

    private let limit: ConnectionLimit
    private let logger: Logger
    private var leaving = 0
    private var isReadHeld = false
    private var isRemoved = false
    private var fullWarning = RepeatedWarning()
    private var pauseWarning = RepeatedWarning()

    init(limit: ConnectionLimit, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    func handlerRemoved(context: ChannelHandlerContext) { isRemoved = true }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let channel = unwrapInboundIn(data)
        guard limit.admit() else { return turnAway(channel, context) }
        channel.closeFuture.whenComplete { [limit] _ in limit.release() }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        isReadHeld = leaving >= Self.maximumLeaving
        if !isReadHeld { context.read() }
    }

    private func turnAway(_ channel: any Channel, _ context: ChannelHandlerContext) {
        leaving += 1
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        channel.closeFuture.hop(to: context.eventLoop).whenComplete { _ in
            let (handler, context) = bound.value
            handler.left(context)
        }
        channel.close(promise: nil)
        if fullWarning.isDue(.now()) {
            logger.warning(
                "all places are taken: newcomers are closed",
                metadata: ["connections": "\(limit.maximum)", "closed": "\(limit.turnedAway)"])
        }
    }

    private func left(_ context: ChannelHandlerContext) {
        leaving -= 1
        guard isReadHeld, !isRemoved, leaving < Self.maximumLeaving else { return }
        isReadHeld = false
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        if pauseWarning.isDue(.now()) {
            logger.warning(
                "the system gives no descriptor for a new connection: accepting pauses",
                metadata: ["error": "\(String(cString: strerror(error.errnoCode)))", "connections": "\(limit.open)"])
        }
        // Not by holding `read` back, as NIO's AcceptBackoffHandler does: the read that failed is still pending, and the
        // socket would be reported as readable again and again.
        guard let options = context.channel.syncOptions, (try? options.setOption(.autoRead, value: false)) != nil else {
            return
        }
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: Self.pause) {
            // Fails once the socket is closed.
            try? bound.value.channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
