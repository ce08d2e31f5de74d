import FoundationEssentials
import MqantRPC
import NIOCore
import NIOFoundationEssentialsCompat

extension WireEnvelope {
    /// Writes a reply.
    init(_ reply: RPCReply, to id: CorrelationID, at address: QueueName, from responder: Responder?) {
        switch reply {
        case .success(let payload):
            self.init(type: Self.reply, content: Content(payload), body: payload.buffer)
        case .failure(let error):
            var text = ByteBuffer()
            JSONText.write(error.message, to: &text)
            self.init(type: Self.error, content: .json, body: text)
            let isWithdrawn = error.code == .notFound && error.outcome == .notDelivered
            let code = isWithdrawn ? RPCError.Code.withdrawn : error.code
            headers.append(Header(name: WireName.errorCode, value: code.rawValue))
        }
        correlationID = ReplyAddress(name: address, correlationID: id).correlationText
        appID = responder?.instance.rawValue
        guard let load = responder?.load else { return }
        headers.append(Header(name: WireName.load, value: String(load.calls)))
        if load.isFull { headers.append(Header(name: WireName.full, value: "true")) }
    }

    /// Reads a reply; nil if it is none, or not to a call of this implementation.
    func reply() -> (RPCReply, CorrelationID)? {
        guard let correlationID, let id = CorrelationID(correlationID) else { return nil }
        switch type {
        case Self.reply: return (.success(payload), id)
        case Self.error: return (.failure(error()), id)
        default: return nil
        }
    }

    /// The instance that sent a reply, and how busy it is if it says so.
    var responder: Responder? {
        appID.map { appID in
            let calls = header(WireName.load).flatMap { Int($0) }
            return Responder(
                InstanceID(appID),
                load: calls.map { InstanceLoad(calls: max(0, $0), isFull: header(WireName.full) == "true") })
        }
    }

    /// Whatever a handler answers, it has answered: only `withdrawn` says that no handler saw the request.
    private func error() -> RPCError {
        let text =
            (content == .json ? try? JSONDecoder().decode(String.self, from: body) : nil) ?? String(buffer: body)
        guard let code = header(WireName.errorCode).map(RPCError.Code.init) else { return RPCError(.remote, text) }
        if code == .withdrawn { return RPCError(.notFound, text, outcome: .notDelivered) }
        // Another version, or another language, may have kinds that this one does not know.
        return RPCError(code.isPresentable ? code : .remote, text, outcome: .answered)
    }
}
