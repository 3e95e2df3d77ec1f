import ArgumentParser

/// `tollgate costs`.
struct Costs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was spent.",
        discussion: "Figures are those of the ledger; spans without usage are left out of the table.")

    @OptionGroup var scope: UsageScope
    @OptionGroup var options: ClientOptions

    func run() throws { try scope.show("costs", showsMeters: false, options) }
}
