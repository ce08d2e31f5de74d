extension Request {
    /// The method that answers; nil: none does.
    var answer: UInt32? {
        switch self {
        case .channelOpen: MethodID.channelOpenOK
        case .channelClose: MethodID.channelCloseOK
        case .confirmSelect: MethodID.confirmSelectOK
        case .exchangeDeclare: MethodID.exchangeDeclareOK
        case .exchangeDelete: MethodID.exchangeDeleteOK
        case .queueDeclare: MethodID.queueDeclareOK
        case .queueBind(_, let isSilent): isSilent ? nil : MethodID.queueBindOK
        case .queueUnbind: MethodID.queueUnbindOK
        case .queuePurge: MethodID.queuePurgeOK
        case .queueDelete: MethodID.queueDeleteOK
        case .qos: MethodID.qosOK
        case .consume: MethodID.consumeOK
        case .cancel: MethodID.cancelOK
        case .acknowledge, .reject: nil
        }
    }
}
