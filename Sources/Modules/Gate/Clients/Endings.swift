import Logging
import Mqant
import NIOCore
import Synchronization

/// Why connections ended: counted by reason, and said in the log, of each reason so many times a second.
final class Endings: Sendable {
    fileprivate struct Count {
        var all = 0
        var second = NIODeadline.uptimeNanoseconds(0)
        var linesInSecond = 0
        var unsaid = 0
    }

    /// Lines about one reason in a second; what comes beyond is counted in the next line.
    static let linesPerSecond = 5
    /// A client id may be 65 535 bytes long.
    private static let longestText = 64

    private let logger: Logger
    private let counts = Mutex<[CloseReason.Kind: Count]>([:])

    init(logger: Logger) { self.logger = logger }

    /// Connections that ended for a reason.
    subscript(kind: CloseReason.Kind) -> Int { counts.withLock { $0[kind]?.all ?? 0 } }

    func ended(
        _ reason: CloseReason, origin: ClientOrigin, clientID: String, userID: String, session: SessionID?
    ) {
        let unsaid = counts.withLock { $0[reason.kind, default: Count()].add(.now()) }
        guard let unsaid else { return }
        var metadata: Logger.Metadata = [
            "reason": "\(reason)", "address": "\(origin)",
            "client": "\(clientID.prefix(Self.longestText))", "user": "\(userID.prefix(Self.longestText))",
        ]
        if let session { metadata["session"] = "\(session)" }
        if unsaid > 0 { metadata["more"] = "\(unsaid)" }
        // A probe that never says CONNECT is no news.
        let isProbe = reason.kind == .closed && session == nil
        logger.log(level: isProbe ? .debug : .info, "connection ended", metadata: metadata)
    }
}

extension Endings.Count {
    /// - Returns: how many ended without a line since the last line, if this one gets a line.
    fileprivate mutating func add(_ now: NIODeadline) -> Int? {
        all += 1
        if now - second > .seconds(1) { (second, linesInSecond) = (now, 0) }
        guard linesInSecond < Endings.linesPerSecond else {
            unsaid += 1
            return nil
        }
        linesInSecond += 1
        defer { unsaid = 0 }
        return unsaid
    }
}
