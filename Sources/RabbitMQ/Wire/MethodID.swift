/// Class and method numbers of AMQP 0-9-1 and RabbitMQ's extensions, as one 32-bit number: class << 16 | method.
enum MethodID {
    static let connectionClose: UInt32 = 10 << 16 | 50
    static let connectionCloseOK: UInt32 = 10 << 16 | 51
    static let connectionBlocked: UInt32 = 10 << 16 | 60
    static let connectionUnblocked: UInt32 = 10 << 16 | 61
    static let channelOpen: UInt32 = 20 << 16 | 10
    static let channelOpenOK: UInt32 = 20 << 16 | 11
    static let channelFlow: UInt32 = 20 << 16 | 20
    static let channelFlowOK: UInt32 = 20 << 16 | 21
    static let channelClose: UInt32 = 20 << 16 | 40
    static let channelCloseOK: UInt32 = 20 << 16 | 41
    static let exchangeDeclare: UInt32 = 40 << 16 | 10
    static let exchangeDeclareOK: UInt32 = 40 << 16 | 11
    static let exchangeDelete: UInt32 = 40 << 16 | 20
    static let exchangeDeleteOK: UInt32 = 40 << 16 | 21
    static let queueDeclare: UInt32 = 50 << 16 | 10
    static let queueDeclareOK: UInt32 = 50 << 16 | 11
    static let queueBind: UInt32 = 50 << 16 | 20
    static let queueBindOK: UInt32 = 50 << 16 | 21
    static let queuePurge: UInt32 = 50 << 16 | 30
    static let queuePurgeOK: UInt32 = 50 << 16 | 31
    static let queueDelete: UInt32 = 50 << 16 | 40
    static let queueDeleteOK: UInt32 = 50 << 16 | 41
    static let queueUnbind: UInt32 = 50 << 16 | 50
    static let queueUnbindOK: UInt32 = 50 << 16 | 51
    static let qos: UInt32 = 60 << 16 | 10
    static let qosOK: UInt32 = 60 << 16 | 11
    static let consume: UInt32 = 60 << 16 | 20
    static let consumeOK: UInt32 = 60 << 16 | 21
    static let cancel: UInt32 = 60 << 16 | 30
    static let cancelOK: UInt32 = 60 << 16 | 31
    static let publish: UInt32 = 60 << 16 | 40
    static let returned: UInt32 = 60 << 16 | 50
    static let deliver: UInt32 = 60 << 16 | 60
    static let acknowledge: UInt32 = 60 << 16 | 80
    static let negativeAcknowledge: UInt32 = 60 << 16 | 120
    static let confirmSelect: UInt32 = 85 << 16 | 10
    static let confirmSelectOK: UInt32 = 85 << 16 | 11

    /// The class of every message.
    static let basicClass: UInt16 = 60
}
