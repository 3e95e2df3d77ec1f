import AdminAPI
import ArgumentParser
import Tenancy

/// `tollgate budgets raise`: a higher limit for a while.
struct RaiseBudget: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "raise", abstract: "Give a budget a higher limit until an instant.")

    @Argument(help: "The budget's id.")
    var reference: String

    @Option(help: "The limit meanwhile, in USD, such as 50.00.")
    var limit: String

    @Option(help: "Until when: an RFC 3339 time, or how long from now, such as 12h.")
    var until: String

    @OptionGroup var options: ClientOptions

    func run() throws {
        let body: JSONValue = .object(["limit": .string(limit), "until": .string(end(at: SystemClock().now()))])
        let path = PathText.join("budgets", reference, "raises")
        options.show(try options.client().call("POST", path, body), columns: Budgets.Raises.columns)
    }

    /// The end as the API takes it; what is no span is its affair.
    func end(at now: Timestamp) -> String {
        DurationText.milliseconds(until).map { now.adding(milliseconds: $0).rfc3339 } ?? until
    }
}
