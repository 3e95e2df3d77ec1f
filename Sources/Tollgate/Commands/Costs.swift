import ArgumentParser

/// `tollgate costs`.
struct Costs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was spent.",
        discussion: "Figures are those of the ledger; spans without usage are left out of the table.")

    @OptionGroup var scope: UsageScope
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let spans = UsageSpans.joined(try client.list(try scope.path(of: "costs", client)))
        switch options.output {
        case .table: print(UsageTable(spans, groups: scope.groups, showsMeters: false).text)
        case .json: options.show(spans, columns: [])
        }
    }
}
