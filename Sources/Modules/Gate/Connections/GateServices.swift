import Mqant
import MqantMQTT

/// What all connections of a Gate share.
final class GateServices: Sendable {
    let settings: GateSettings
    let mqtt: MQTTOptions
    let context: ModuleContext
    /// How MQTT sessions are bounded: `WirteLoopChanNum` is what a client may leave unacknowledged.
    let sessionConfiguration: ServerSession.Configuration
    let sessions = SessionDirectory()
    let statistics: GateStatistics
    let endings: Endings

    init(settings: GateSettings, context: ModuleContext) {
        self.settings = settings
        self.context = context
        mqtt = context.configuration.mqtt
        sessionConfiguration = ServerSession.Configuration(
            inFlightWindow: mqtt.writeQueueLength, queuedBytes: settings.writeBufferLimit)
        statistics = GateStatistics(
            connections: ConnectionLimit(maximum: min(settings.maximumConnections, context.maximumConnections)))
        endings = Endings(logger: context.logger)
    }
}
