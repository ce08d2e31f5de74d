#if Accounts
    import ArgumentParser
    import MqantServer

    /// Why a command cannot do what it is told to, in one line.
    struct AccountCommandError: Error, CustomStringConvertible {
        let description: String

        init(_ description: String) { self.description = description }

        /// Does what a command is to do, and tells what keeps it from that.
        static func telling(_ body: () throws -> Void) throws {
            do {
                try body()
            } catch let error as ExitCode {
                throw error
            } catch let error as ConfigurationError {
                complain("\(error)")
                throw ExitCode(1)
            } catch {
                complain("mqantserver account: \(error)")
                throw ExitCode(1)
            }
        }
    }
#endif
