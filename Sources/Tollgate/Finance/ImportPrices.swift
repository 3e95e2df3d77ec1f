import ArgumentParser
import Proxy

/// `tollgate prices import`: publishes what a price list of others says.
struct ImportPrices: ParsableCommand {
    /// The lists that can be read.
    enum Source: String, CaseIterable, ExpressibleByArgument {
        case litellm
        case openrouter
        case genaiPrices = "genai-prices"
    }

    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Publish the prices of LiteLLM, OpenRouter or genai-prices.",
        discussion: """
            Reads LiteLLM's model_prices_and_context_window.json, what OpenRouter's /api/v1/models answers, or the \
            data.json of genai-prices, and shows what changes. Prices that change by more than half need --yes. \
            Nothing is fetched, and nothing is published with --dry-run.
            """)

    @Argument(help: "The file; - is stdin.")
    var file: String

    @Option(help: "Whose list it is: litellm, openrouter or genai-prices.")
    var from: Source

    @Option(help: "Only names like this, such as 'openai/*'.")
    var select: String?

    @Flag(help: "Only models there are, under their names here.")
    var knownModels = false

    @Option(help: "From when on the prices apply, RFC 3339; otherwise from now on.")
    var effective: String?

    @Flag(help: "They are what providers charge us, not what tenants pay.")
    var upstream = false

    @Option(help: "With --upstream: the backend they are for, by id.")
    var backend: String?

    @Flag(help: "Show what would change and publish nothing.")
    var dryRun = false

    @Flag(help: "Take prices that change by more than half.")
    var yes = false

    @OptionGroup var options: ClientOptions

    /// Models named in one line; JSON has them all.
    private static let namedModels = 5

    func validate() throws {
        guard backend == nil || upstream else { throw ValidationError("--backend needs --upstream.") }
    }

    func run() throws {
        let bytes = try TextFile.bytes(file)
        let client = try options.client()
        let shown = try client.send("POST", path(isDryRun: true), bytes)
        let jumps = shown["changes"].items.count { $0["jump"] == .bool(true) }
        if dryRun || (jumps > 0 && !yes) { show(shown) }
        if dryRun { return }
        guard jumps == 0 || yes else {
            throw CommandFailure(
                .conflict, "\(jumps) prices change by more than half; nothing was published; give --yes")
        }
        show(try client.send("POST", path(isDryRun: false), bytes))
    }

    private func path(isDryRun: Bool) -> String {
        var path = "/prices/import?format=\(from.rawValue)&kind=\(upstream ? "upstream" : "tenant")&yes=\(yes)"
        path += "&dry_run=\(isDryRun)&known_models=\(knownModels)"
        for (name, value) in [("select", select), ("effective_from", effective), ("backend_id", backend)] {
            if let value { path += "&\(name)=" + PercentCoding.encoded(value) }
        }
        return path
    }

    /// One line for all models of which the same is left out.
    private static func words(_ omitted: JSONValue) -> String {
        let models = omitted["models"].items.map(\.plain)
        let named = models.prefix(namedModels).joined(separator: ", ")
        let others = models.count > namedModels ? " and \(models.count - namedModels) others" : ""
        let what = omitted["price"].string.map { "left out: \($0)" } ?? "left out whole"
        return "\(what), \(omitted["reason"].plain): \(models.count) of the list (\(named)\(others))"
    }

    private func show(_ result: JSONValue) {
        guard options.output == .table else { return options.show(result, columns: []) }
        let rows = result["changes"].items.map { change in
            [
                change["model"].plain, TableText.cell(change["tier"]), TableText.cell(change["above_tokens"]),
                change["meter"].plain + (change["per"].string == "million" ? " /M" : ""),
                TableText.cell(change["old"]), TableText.cell(change["new"]),
                TableText.cell(change["percent"]) + (change["jump"] == .bool(true) ? " !" : ""),
            ]
        }
        let headings = ["MODEL", "TIER", "ABOVE TOKENS", "METER", "OLD USD", "NEW USD", "CHANGE %"]
        if !rows.isEmpty { TableText.show(TableText.rows(rows, headings: headings, numbers: [4, 5])) }
        for rounded in result["rounded"].items {
            StandardError.write(
                "rounded: \(rounded["model"].plain) \(rounded["meter"].plain) \(rounded["given"].plain) to "
                    + rounded["taken"].plain)
        }
        for omitted in result["omitted"].items {
            StandardError.write(Self.words(omitted))
        }
        for version in result["left_over"].items {
            let what = version["tier"].string ?? "above \(version["above_tokens"].plain) tokens"
            StandardError.write("stays in force, though the list has it no more: \(version["model"].plain), \(what)")
        }
        let before = result["published_before"].plain
        if before != "0" {
            StandardError.write("goes on with \(result["id"].plain), which published \(before) versions")
        }
        let verb = result["dry_run"] == .bool(true) ? "would be published" : "published"
        StandardError.write(
            "\(result["published"].plain) versions \(verb), \(result["unchanged"].plain) unchanged, source sha256 "
                + result["sha256"].plain)
    }
}
