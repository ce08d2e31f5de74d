import Mqant

/// A password as a person typed it: bounded before anything is computed with it, and in one Unicode form, whatever
/// keyboard it was typed on (RFC 8265 §4.2).
package struct Password: Sendable {
    /// The longest one, in bytes of UTF-8. A longer one is no more secret, and costs time to read.
    package static let maximumByteCount = 1024
    /// The shortest one that an account may get, in characters as Unicode counts them.
    package static let minimumCharacterCount = 8

    let bytes: [UInt8]

    /// A password that somebody logs in with.
    package init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.maximumByteCount else { throw .tooLong }
        // scrypt pads a password with zero bytes (HMAC, RFC 2104 §2): to it, one more at the end is the same password.
        guard !text.utf8.contains(0) else { throw .zeroByte }
        bytes = Array(text.nfc.utf8)
    }

    /// A password that an account is to get.
    package init(new text: String) throws(Fault) {
        try self.init(text)
        guard text.nfc.unicodeScalars.count >= Self.minimumCharacterCount else { throw .tooShort }
    }
}

extension Password {
    /// Why a text is no password. Its description goes behind the name of the thing: `passWord is longer than 1024
    /// bytes`.
    package struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        static let tooLong = Fault(description: "is longer than \(Password.maximumByteCount) bytes")
        static let zeroByte = Fault(description: "has a zero byte")
        static let tooShort = Fault(description: "is shorter than \(Password.minimumCharacterCount) characters")

        package let description: String
    }
}
