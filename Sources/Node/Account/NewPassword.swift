#if Accounts
    import Glibc
    import MqantAccounts
    import MqantServer

    /// A password for an account: typed twice at a terminal that does not show it, or the first line of standard input.
    enum NewPassword {
        /// - Throws: `AccountCommandError` if none came, or one that no account may have.
        static func read(for name: UserName) throws -> Password {
            let text: String
            if isatty(STDIN_FILENO) == 1 {
                let echo = TerminalEcho()
                defer { echo.restore() }
                text = try ask("Password for \(name): ")
                guard try ask("Again: ") == text else { throw AccountCommandError("the two passwords differ") }
            } else {
                text = try line()
            }
            do throws(Password.Fault) { return try Password(new: text) } catch {
                throw AccountCommandError("the password \(error)")
            }
        }

        private static func ask(_ prompt: String) throws -> String {
            write(prompt)
            // The terminal shows not even the end of the line.
            defer { write("\n") }
            return try line()
        }

        private static func write(_ text: String) {
            var text = text
            text.withUTF8 { _ = Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }

        /// A line of standard input, without its end; byte by byte, for what follows belongs to others.
        private static func line() throws -> String {
            var bytes: [UInt8] = []
            var byte = UInt8(0)
            while true {
                let count = Glibc.read(STDIN_FILENO, &byte, 1)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw AccountCommandError("standard input cannot be read: \(String(cString: strerror(errno)))")
                }
                guard count > 0, byte != UInt8(ascii: "\n") else { break }
                bytes.append(byte)
                // Two more: an end of the line as in files of Windows, and one that makes it too long.
                guard bytes.count <= Password.maximumByteCount + 2 else { break }
            }
            if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw AccountCommandError("the password is not UTF-8")
            }
            return text
        }
    }
#endif
