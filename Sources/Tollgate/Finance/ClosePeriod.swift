import ArgumentParser

/// `tollgate period close`.
struct ClosePeriod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close", abstract: "Close a month that has ended, for ever.",
        discussion: """
            It closes when its grace is over and no call that it admitted is under way. Asking again sets the grace \
            anew.
            """)

    @Argument(help: "The month, such as 2026-11.")
    var period: String

    @Option(help: "How long it stays open to its last facts, such as 0s or 24h; otherwise billing.close_grace.")
    var grace: String?

    @Flag(help: "Return only once it is closed.")
    var wait = false

    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let path = PathText.join("periods", period)
        let body: [String: JSONValue] = grace.map { ["grace": .string($0)] } ?? [:]
        var month = try client.call("POST", path + "/close", .object(body))
        while wait, month["status"].string == "closing" {
            PollingPause.rest()
            month = try client.call("GET", path)
        }
        options.show(month, columns: PeriodCommands.columns)
    }
}
