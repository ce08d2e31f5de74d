/// The limit of AMQP 0-9-1 §4.2.5.3.
enum ShortString {
    /// Bytes of UTF-8: the length travels in one octet.
    static let maximumLength = 255
}
