import ArgumentParser
import Logging
import Mqant

/// `mqantserver check`: which instances start here and why; starts nothing.
struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say which modules would start here, and why.",
        discussion: "The status is 0 if the configuration is right, 1 if not.")

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        do {
            let app = Wiring.app(logger: Logger(label: App.name) { _ in SwiftLogNoOpLogHandler() })
            try StandardStreams.print("\(try Wiring.placement(options, app))")
        } catch let error as ExitCode {
            throw error
        } catch {
            complain("\(error)")
            throw ExitCode(1)
        }
    }
}
