#if Accounts
    import GRDB

    extension AccountStore {
        /// Does something with a file, and says in an operator's words what SQLite has against it.
        static func describing<Result>(_ path: String, _ body: () throws -> Result) throws(AccountError) -> Result {
            do {
                return try body()
            } catch let error as AccountError {
                throw error
            } catch let error as DatabaseError {
                throw .unusable(path, reason(error))
            } catch {
                throw .unusable(path, "\(error)")
            }
        }

        private static func reason(_ error: DatabaseError) -> String {
            let detail = error.message ?? "SQLite's error \(error.extendedResultCode.rawValue)"
            return switch error.resultCode {
            case .SQLITE_FULL: "the disk is full, or the file may not grow"
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: "the file is broken (\(detail)): restore a copy of it"
            case .SQLITE_BUSY, .SQLITE_LOCKED: "another process keeps the file locked"
            case .SQLITE_READONLY: "the file may not be written (\(detail))"
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH:
                "the file, or its journal beside it, cannot be opened (\(detail))"
            case .SQLITE_IOERR: "the disk does not do what it should (\(detail))"
            case .SQLITE_NOMEM: "there is no memory for it"
            default: detail
            }
        }
    }
#endif
