package import NIOCore

/// The server's side of one MQTT connection, as a value without I/O, time or identity (MQTT 3.1.1 §3, §4).
///
/// Packets of the client go in through ``receive(_:replies:)``; what has to be answered is written to a buffer, and what
/// concerns anybody else comes out as an ``Event``. Messages to the client go through ``push(topic:payload:qos:into:)``.
///
/// What it does not do, on purpose:
/// - No session outlives its connection. CONNECT without clean session is accepted, and CONNACK says session present 0.
/// - A will is checked and never published. Subscriptions are granted and not remembered: this gateway pushes to topics of
///   its own choice. Retained messages do not exist, so the RETAIN flag of a PUBLISH is passed on without effect.
package struct ServerSession: Sendable {
    enum State: UInt8, Sendable {
        case awaitingConnect, deciding, connected, closed
    }

    /// The exchanges of more than one packet. Most sessions never have any.
    struct Exchanges: Sendable {
        /// Messages at QoS 2 that were received and not released by PUBREL yet.
        var unreleased = PacketIDSet()
        var outbound = OutboundWindow()
    }

    package let configuration: Configuration
    /// The level of the CONNECT that came; 3.1.1 until then.
    package private(set) var level = ProtocolLevel.v3_1_1
    /// Seconds, as the client asked; 0 for none.
    package private(set) var keepAlive: UInt16 = 0
    private(set) var state = State.awaitingConnect
    /// None or one: a box that is only made when it is needed, so that an idle session stays small.
    var exchanges: [Exchanges] = []

    package init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Whether CONNECT was accepted and nothing has ended the session since.
    package var isConnected: Bool { state == .connected }

    /// How long the client may be silent: one and a half times its keep-alive, nil where it asked for none (§3.1.2.10).
    package var idleLimit: Duration? {
        keepAlive == 0 ? nil : .milliseconds(Int64(keepAlive) * 1500)
    }

    /// Takes the client's next packet.
    /// - Parameter replies: gets, at its end, what has to be sent at once; also to be sent before closing.
    /// - Throws: what the client did wrong. The session is over then and the connection is to be closed (§4.8).
    ///   `decisionPending` alone is the caller's mistake, and changes nothing.
    package mutating func receive(_ packet: Packet, replies: inout ByteBuffer) throws(MQTTError) -> Event {
        do throws(MQTTError) {
            switch state {
            case .connected: return try take(packet, &replies)
            case .awaitingConnect: return try takeFirst(packet, &replies)
            case .deciding: throw MQTTError(.decisionPending)
            case .closed: throw MQTTError(.closed)
            }
        } catch {
            if error.code != .decisionPending { end() }
            throw error
        }
    }

    /// Lets the client in that ``Event/connected(_:)`` told of: writes CONNACK 0.
    /// - Throws: `noDecisionPending`, having written nothing.
    package mutating func accept(replies: inout ByteBuffer) throws(MQTTError) {
        guard state == .deciding else { throw MQTTError(.noDecisionPending) }
        state = .connected
        PacketEncoder.writeConnack(.accepted, into: &replies)
    }

    /// Turns the client away that ``Event/connected(_:)`` told of: writes CONNACK with `code`; then close (§3.2.2.3).
    /// - Throws: `noDecisionPending`, having written nothing.
    package mutating func refuse(_ code: ConnectReturnCode, replies: inout ByteBuffer) throws(MQTTError) {
        guard state == .deciding else { throw MQTTError(.noDecisionPending) }
        end()
        PacketEncoder.writeConnack(code, into: &replies)
    }

    mutating func end() {
        state = .closed
        exchanges = []
    }

    private mutating func takeFirst(_ packet: Packet, _ replies: inout ByteBuffer) throws(MQTTError) -> Event {
        switch packet {
        case .connect(let connect):
            level = connect.level
            keepAlive = connect.keepAlive
            // 3.1.1 lets the server choose a name for a clean session only (§3.1.3.1), 3.1 not at all.
            if connect.clientID.isEmpty, level == .v3_1 || !connect.cleanSession {
                return turnAway(.identifierRejected, &replies)
            }
            state = .deciding
            return .connected(connect)
        case .unsupportedConnect:
            return turnAway(.unacceptableProtocolVersion, &replies)
        default:
            throw MQTTError(.connectExpected)
        }
    }

    private mutating func turnAway(_ code: ConnectReturnCode, _ replies: inout ByteBuffer) -> Event {
        end()
        PacketEncoder.writeConnack(code, into: &replies)
        return .refused(code)
    }
}
