import ArgumentParser

/// `tollgate budgets end-raise`: back to the budget's own limit before the time.
struct EndRaise: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "end-raise", abstract: "End a raise of a budget before its time.")

    @Argument(help: "The budget's id.")
    var reference: String

    @Argument(help: "The raise's id.")
    var raise: String

    @OptionGroup var options: ClientOptions

    func run() throws {
        try options.client().call("DELETE", PathText.join("budgets", reference, "raises", raise))
        StandardError.write("ended raise \(raise)")
    }
}
