import ArgumentParser
import Foundation

/// `tollgate budgets dry-run`: what another limit would have refused.
struct DryRunBudget: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run", abstract: "Show what another limit of a budget would have refused; changes nothing.")

    @Argument(help: "The budget's id.")
    var reference: String

    @Option(help: "The limit to try, in USD, such as 40.00.")
    var limit: String

    @Option(help: "How many days of the ledger are replayed, 1 to 92.")
    var days = 30

    @OptionGroup var options: ClientOptions

    func run() throws {
        let body: JSONValue = .object(["limit": .string(limit), "days": .number(Decimal(days))])
        let path = PathText.join("budgets", reference, "dry-run")
        let run = try options.client().call("POST", path, body)
        switch options.output {
        case .json: options.show(run, columns: [])
        case .table:
            print(Self.summary(run))
            TableText.show(Self.table(run, width: Terminal.width()))
        }
    }

    /// `40 USD a month from … to …: 3 of 120 calls refused`.
    static func summary(_ run: JSONValue) -> String {
        let window = run["window"].plain
        let limit = "\(run["limit"].plain) USD \(window == "total" ? "in all" : "a \(window)")"
        let calls = "\(run["refused"].plain) of \(run["requests"].plain) calls refused"
        return "\(limit), from \(run["from"].plain) to \(run["to"].plain): \(calls)"
    }

    /// By window, by key and by model, then all.
    static func table(_ run: JSONValue, width: Int?) -> (text: String, note: String?) {
        let parts: [(list: String, title: String, name: String)] = [
            ("windows", "window", "window_start"), ("by_key", "key", "key_id"), ("by_model", "model", "model"),
        ]
        let rows = parts.flatMap { part in
            run[part.list].items.map { row(part.title, TableText.cell($0[part.name]), $0) }
        }
        return TableText.rows(
            rows + [row("TOTAL", "", run)],
            headings: ["BY", "NAME", "CALLS", "REFUSED", "REFUSED USD", "FIRST REFUSED"], numbers: [2, 3, 4],
            kept: [0, 1, 3], whole: [1], width: width)
    }

    private static func row(_ title: String, _ name: String, _ tally: JSONValue) -> [String] {
        [
            title, name, tally["requests"].plain, tally["refused"].plain, tally["refused_cost"].plain,
            TableText.cell(tally["first_refused_at"]),
        ]
    }
}
