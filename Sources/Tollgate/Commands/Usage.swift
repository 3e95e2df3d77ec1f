import ArgumentParser

/// `tollgate usage`.
struct Usage: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what was used: requests, tokens and other units, and their cost.",
        discussion: "Figures are those of the ledger; spans without usage are left out of the table.")

    @OptionGroup var scope: UsageScope
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let spans = UsageSpans.joined(try client.list(try scope.path(of: "usage", client)))
        switch options.output {
        case .table: print(UsageTable(spans, groups: scope.groups, showsMeters: true).text)
        case .json: options.show(spans, columns: [])
        }
    }
}
