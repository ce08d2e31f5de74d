#if Accounts
    package import Logging
    package import Mqant
    import Synchronization

    /// Lets people in by their passwords: the accounts of one server.
    ///
    /// Whether a user exists cannot be told from the answer, nor from how long it takes: an unknown or a disabled
    /// user's password is hashed too, against nothing.
    package final class AccountService: Sendable {
        /// The lane of those who have no name yet. No user has this one.
        private static let registrations = ""

        private let store: AccountStore
        private let threads: HashingThreads
        private let throttle: Mutex<LoginThrottle>
        private let options: AccountOptions
        private let nothing: PasswordHash
        private let now: @Sendable () -> ContinuousClock.Instant
        private let logger: Logger
        private let counters = Mutex(Counters())
        private let lastComplaint = Mutex<ContinuousClock.Instant?>(nil)

        /// What came of logins since the start.
        package struct Counters: Sendable {
            /// With the wrong password, or of users that are none.
            package var failed = 0
            /// Not tried, after too many failures.
            package var slowedDown = 0
            /// Not tried, for want of threads.
            package var turnedAway = 0
        }

        /// Opens the file of accounts; no other server may have it.
        ///
        /// - Parameter now: the time by which failures are forgotten.
        /// - Throws: `AccountError` that says what is wrong with the file.
        package init(
            _ options: AccountOptions, logger: Logger, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
        ) throws(AccountError) {
            self.options = options
            self.now = now
            self.logger = logger
            store = try AccountStore(options.file, for: .server)
            var limits = LoginThrottle.Limits()
            limits.userFailures = options.userFailures
            limits.userInterval = options.failureInterval
            throttle = Mutex(LoginThrottle(limits))
            nothing = .ofNothing(cost: options.cost)
            threads = HashingThreads(count: options.threads, waiting: options.waiting)
        }

        /// Ends the threads, and closes the file; logins that wait are refused.
        package func end() {
            threads.end()
            store.close()
        }

        package var statistics: Counters { counters.withLock { $0 } }

        /// How many logins wait for a thread.
        package var waiting: Int { threads.waiting }

        /// Returns if the password is the user's.
        ///
        /// - Parameters:
        ///   - source: where the attempt comes from, such as the client's address; nil: not known. Failures are
        ///     counted, and turns
        ///     taken, by it.
        /// - Throws: `LoginRefusal`.
        package func logIn(_ name: UserName, _ password: Password, source: String? = nil) async throws(LoginRefusal) {
            let isRight = try await attempt(name, source) { [self] in try verify(name, password) }
            guard isRight else {
                counters.withLock { $0.failed += 1 }
                logger.debug("login failed", metadata: ["user": "\(name)"])
                throw .wrong
            }
            throttle.withLock { $0.succeed(user: name.text, source: source, now()) }
        }

        /// Makes an account.
        ///
        /// - Throws: `LoginRefusal`.
        package func register(
            _ name: UserName, _ password: Password, source: String? = nil
        ) async throws(LoginRefusal) {
            // It counts for its source like a failed login, also if it succeeds.
            try await attempt(nil, source) { [self] in
                let hash = try PasswordHash(of: password, cost: options.cost)
                try store.add(name, hash, maximum: options.maximumAccounts)
            }
            logger.info("account registered", metadata: ["user": "\(name)"])
        }

        /// Does an attempt on a thread for it, when its turn has come and nothing speaks against it.
        private func attempt<Value: Sendable>(
            _ name: UserName?, _ source: String?, _ work: @escaping @Sendable () throws -> Value
        ) async throws(LoginRefusal) -> Value {
            let user = name?.text
            if let wait = throttle.withLock({ $0.enter(user: user, source: source, now()) }) { throw slowedDown(wait) }
            do {
                return try await threads.run(lane: source ?? user ?? Self.registrations) { [self] in
                    if let wait = throttle.withLock({ $0.begin(source: source, now()) }) { throw slowedDown(wait) }
                    do {
                        return try work()
                    } catch let error as AccountError where error.code == .taken {
                        // Names are not to be tried out by the thousand.
                        throw error
                    } catch {
                        throttle.withLock { $0.takeBack(source: source, now()) }
                        throw error
                    }
                }
            } catch {
                throttle.withLock { $0.takeBack(user: user, now()) }
                throw refusal(error)
            }
        }

        private func slowedDown(_ wait: Duration) -> LoginRefusal {
            counters.withLock { $0.slowedDown += 1 }
            return .slowedDown(wait)
        }

        /// What a client is told of an error; what is the operator's affair goes to the log.
        private func refusal(_ error: any Error) -> LoginRefusal {
            switch error {
            case let refusal as LoginRefusal: return refusal
            case is HashingRefusal, is CancellationError:
                counters.withLock { $0.turnedAway += 1 }
                return .busy
            case let error as AccountError where error.code == .taken: return .taken
            case let error as AccountError where error.code == .tooMany: return .full
            default:
                complain(error)
                return .unavailable
            }
        }

        /// Tells the operator, once in 10 s.
        private func complain(_ error: any Error) {
            let isDue = lastComplaint.withLock { last in
                let now = now()
                if let last, now - last < .seconds(10) { return false }
                last = now
                return true
            }
            if isDue { logger.error("accounts cannot be used", metadata: ["reason": "\(error)"]) }
        }

        /// Runs on a thread for it.
        private func verify(_ name: UserName, _ password: Password) throws -> Bool {
            let account = try store.account(name)
            let hash = account.flatMap { PasswordHash($0.hash) }
            if let account, hash == nil {
                logger.error(
                    "an account's hash cannot be read: give it a password", metadata: ["user": "\(account.name)"])
            }
            let isOpen = account?.isDisabled == false && hash != nil
            let isRight = try ((isOpen ? hash : nil) ?? nothing).matches(password)
            guard isOpen, isRight, let account, let hash else { return false }
            if hash.cost != options.cost { renew(name, password, former: account.hash) }
            return true
        }

        /// Gives a hash the cost that the settings say by now.
        private func renew(_ name: UserName, _ password: Password, former: String) {
            do {
                try store.setHash(name, PasswordHash(of: password, cost: options.cost), former: former)
            } catch {
                // The password is right all the same.
                logger.warning("a hash cannot be renewed", metadata: ["user": "\(name)", "reason": "\(error)"])
            }
        }
    }
#endif
