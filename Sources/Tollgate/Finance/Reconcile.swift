import ArgumentParser
import Proxy

/// `tollgate reconcile`: a provider's bill against the ledger.
struct Reconcile: ParsableCommand {
    /// The bills that can be read.
    enum Provider: String, CaseIterable, ExpressibleByArgument {
        case openai
        case anthropic
        case csv
    }

    static let configuration = CommandConfiguration(
        abstract: "Set a provider's bill against the ledger, day by day and model by model.",
        discussion: """
            Reads what OpenAI's /v1/organization/costs or Anthropic's /v1/organizations/cost_report answers (several \
            pages as one array), or a CSV file with the columns day, model and cost, in USD. Captured is what the \
            ledger has by upstream prices. Exits with 1 when something does not agree.
            """)

    private static let causes = [
        "agrees": "-", "no_upstream_price": "calls without an upstream price", "unanswered": "unanswered calls",
        "cache_tokens": "cache tokens", "estimated_usage": "estimated usage", "off_gateway": "use past the gateway",
        "no_model": "no model on the bill", "not_billed": "not on the bill", "price_version": "upstream price",
    ]

    @Option(help: "Whose bill it is: openai, anthropic or csv.")
    var provider: Provider

    @Option(help: "The bill; - is stdin.")
    var file: String

    @Option(help: "The backend it is for, by id or name; otherwise all of the provider's.")
    var backend: String?

    @OptionGroup var options: ClientOptions

    func run() throws {
        let bytes = try TextFile.bytes(file)
        var path = "/reconciliations?provider=\(provider.rawValue)"
        if let backend { path += "&backend_id=" + PercentCoding.encoded(backend) }
        let made = try options.client().send("POST", path, bytes)
        let lines = made["lines"].items
        switch options.output {
        case .json: options.show(made, columns: [])
        case .table:
            let rows = lines.map { line in
                [
                    line["day"].plain, TableText.cell(line["model"]), line["captured"].plain, line["billed"].plain,
                    TableText.cell(line["ratio"]), Self.causes[line["cause"].plain] ?? line["cause"].plain,
                ]
            }
            let total = ["TOTAL", "", made["captured"].plain, made["billed"].plain, "", ""]
            TableText.show(
                TableText.rows(
                    rows + [total],
                    headings: ["DAY", "MODEL", "CAPTURED USD", "BILLED USD", "RATIO", "LIKELY CAUSE"],
                    numbers: [2, 3, 4]))
        }
        if lines.contains(where: { $0["cause"].string != "agrees" }) { throw ExitCode.failure }
    }
}
