import ArgumentParser
import Tenancy

/// `tollgate prices show`: every price a model has had or will have.
struct ShowPrices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a model's prices, the earliest effective first.")

    @Argument(help: "The model's name.")
    var model: String
    @Option(help: "Only what was agreed with this tenant, by id or name.")
    var tenant: String?
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let id = try tenant.map { try client.tenantID($0) }
        let versions = try client.list(PathText.join("prices", "history", query: ["model": model, "tenant_id": id]))
        guard !versions.isEmpty else { throw CommandFailure(.notFound, "the model \(model) has no such price") }
        let isTable = options.output == .table
        options.show(
            isTable ? try Prices.listed(versions, client, at: SystemClock().now()) : versions,
            columns: Prices.resource.columns)
    }
}
