import Glibc
import UnixSignals

/// A signal that other servers take as an order, and that would end this process without a word if nobody heeded it.
struct IdleSignal: Sendable {
    let signal: UnixSignal
    let name: String
    /// What an operator who sends it should know.
    let advice: String
    private let number: Int32

    static let all = [
        IdleSignal(
            signal: .sighup, name: "SIGHUP", advice: "server.conf is read at the start only: restart to use a new one",
            number: SIGHUP),
        IdleSignal(signal: .sigusr1, name: "SIGUSR1", advice: "this signal has no meaning here", number: SIGUSR1),
        IdleSignal(signal: .sigusr2, name: "SIGUSR2", advice: "this signal has no meaning here", number: SIGUSR2),
    ]

    /// Those that whoever started the process did not have ignored, as nohup does: they stay ignored.
    static var heeded: [IdleSignal] { all.filter { !$0.isIgnored } }

    private var isIgnored: Bool {
        var action = sigaction()
        // SIG_IGN is the number 1; Swift cannot compare C functions.
        return sigaction(number, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
