#if Accounts
    import Glibc

    /// Has the terminal show nothing of what is typed, until `restore`, or until a signal ends the process.
    struct TerminalEcho {
        /// What the handler of signals needs: it may look at nothing that Swift manages.
        private nonisolated(unsafe) static var former = termios()

        private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

        private let isOff: Bool

        init() {
            guard tcgetattr(STDIN_FILENO, &Self.former) == 0 else {
                isOff = false
                return
            }
            for number in Self.signals {
                signal(number) { number in
                    tcsetattr(STDIN_FILENO, TCSANOW, &TerminalEcho.former)
                    signal(number, SIG_DFL)
                    raise(number)
                }
            }
            // A process that is stopped would leave the shell a terminal that is mute.
            signal(SIGTSTP, SIG_IGN)
            var silent = Self.former
            silent.c_lflag &= ~tcflag_t(ECHO)
            isOff = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0
        }

        /// Shows again what is typed.
        func restore() {
            if isOff { tcsetattr(STDIN_FILENO, TCSAFLUSH, &Self.former) }
            for number in Self.signals + [SIGTSTP] { signal(number, SIG_DFL) }
        }
    }
#endif
