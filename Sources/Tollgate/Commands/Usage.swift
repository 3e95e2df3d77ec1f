import ArgumentParser

/// `tollgate usage`.
struct Usage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was used: requests, tokens and other units, and their cost.",
        discussion: "Figures are those of the ledger; spans without usage are left out of the table.")

    @OptionGroup var scope: UsageScope
    @OptionGroup var options: ClientOptions

    func run() throws { try scope.show("usage", showsMeters: true, options) }
}
