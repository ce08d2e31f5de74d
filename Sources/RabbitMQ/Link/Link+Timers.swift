internal import CMqantRabbitMQ
internal import Logging
internal import NIOCore

extension Link {
    /// Somebody waits until then.
    func note(_ deadline: MonotonicTime) {
        if deadline < earliestDeadline { earliestDeadline = deadline }
    }

    /// When this link next needs to be looked at though nothing has come.
    var nextTimer: MonotonicTime {
        var next = earliestDeadline
        if heartbeat.isEnabled {
            next = min(next, lastSent.advanced(by: heartbeat.half), lastReceived.advanced(by: heartbeat.twice))
        }
        if !blocked, let since = transport.stalledSince { next = min(next, since + configuration.sendStallLimit) }
        if case .closing(let waiter) = phase { next = min(next, waiter.deadline) }
        return next
    }

    func checkTimers(_ now: MonotonicTime) {
        attempt { () throws(RabbitMQError) in
            try checkLiveness(now)
            if now >= earliestDeadline { expire(now) }
        }
    }

    private func checkLiveness(_ now: MonotonicTime) throws(RabbitMQError) {
        if case .closing(let waiter) = phase, now >= waiter.deadline {
            throw RabbitMQError(
                .closedLocally, "the broker did not answer connection.close in time", outcome: .unknown)
        }
        // A broker under an alarm stops reading for as long as it lasts; that is not a fault.
        if !blocked, let since = transport.stalledSince, now >= since + configuration.sendStallLimit {
            throw RabbitMQError.stalled(for: configuration.sendStallLimit)
        }
        guard heartbeat.isEnabled else { return }
        if now >= lastReceived.advanced(by: heartbeat.twice) {
            throw RabbitMQError(
                .connectionClosed, "the broker was silent for two heartbeats of \(heartbeat.interval)",
                outcome: .unknown)
        }
        // AMQP 0-9-1 §4.2.7: any octet is as good as a heartbeat, so one is due only after half an interval of silence.
        if now >= lastSent.advanced(by: heartbeat.half) {
            lastSent = now
            if transport.pendingBytes == 0 {
                var frame = amqp_frame_t()
                frame.frame_type = UInt8(AMQP_FRAME_HEARTBEAT)
                try transport.send(&frame)
                try transport.flush(now)
            }
        }
    }

    /// Fails everybody whose deadline has passed and finds the next one. Answers that come later find nobody.
    private func expire(_ now: MonotonicTime) {
        let late = RabbitMQError(.timeout, "the broker did not answer in time", outcome: .unknown)
        let unsent = RabbitMQError(.timeout, "the broker took nothing before the deadline")
        earliestDeadline = .distantFuture
        for channel in channels {
            guard let channel else { continue }
            for entry in channel.expected {
                if let waiter = entry.waiter { expire(waiter, now, late) }
            }
            // Found first: whoever is told may publish.
            let (waiters, next) = channel.confirms.late(now)
            if let next { note(next) }
            for waiter in waiters { waiter.fail(late) }
        }
        for operation in heldRequests {
            switch operation {
            case .ask(_, _, let waiter), .openChannel(_, let waiter), .reopenChannel(_, let waiter),
                .close(let waiter):
                expire(waiter, now, unsent)
            case .publish, .tell: break
            }
        }
        for operation in held {
            if case .publish(_, _, let waiter?) = operation { expire(waiter, now, unsent) }
        }
    }

    private func expire<Value>(_ waiter: Waiter<Value>, _ now: MonotonicTime, _ error: RabbitMQError) {
        if waiter.deadline <= now {
            waiter.fail(error)
        } else {
            note(waiter.deadline)
        }
    }

    /// The connection is over: everybody who waits is told, then the event, then nothing more.
    ///
    /// The C state dies with this object, which the loop lets go after this.
    func finish() {
        // What the library reports of a socket that was cut on purpose is not the reason.
        let error =
            connection.socket.cutReason ?? failure
            ?? RabbitMQError(.closedLocally, "the connection was closed", outcome: .unknown)
        failure = error
        deliver()
        if error.code == .protocolViolation { sendFarewell(error) }
        for case let channel? in channels {
            channel.phase = .closed(error)
            channel.fail(error)
        }
        refuseHeld(error)
        for operation in connection.inbox.close(error.with(outcome: .notSent)) { refuse(operation, error) }
        if case .closing(let waiter) = phase { waiter.succeed(.done) }
        logger.debug("connection ended", metadata: ["uri": "\(connection.uri)", "reason": "\(error)"])
        handlers.event(.closed(error))
    }

    /// Tells a peer that broke the rules why it is left. Best effort: nobody waits for its answer.
    private func sendFarewell(_ error: RabbitMQError) {
        let farewell = { () throws(RabbitMQError) in
            defer { self.pool.recycle() }
            var method = amqp_connection_close_t()
            method.reply_code = error.replyCode ?? 501
            method.reply_text = try self.pool.bytes(error.replyText ?? "FRAME_ERROR")
            try self.transport.sendMethod(0, MethodID.connectionClose, &method)
            try self.transport.flush(.now)
        }
        do { try farewell() } catch { logger.trace("farewell not sent", metadata: ["reason": "\(error)"]) }
    }
}
