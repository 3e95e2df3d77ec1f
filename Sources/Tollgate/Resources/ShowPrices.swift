import ArgumentParser

/// `tollgate prices show`: every price a model has had or will have.
struct ShowPrices: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a model's prices, the earliest effective first.")

    @Argument(help: "The model's name.")
    var model: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let versions = try options.client().list(PathText.join("prices", "history", query: ["model": model]))
        guard !versions.isEmpty else { throw CommandFailure(.notFound, "the model \(model) has no price") }
        options.show(versions, columns: Prices.resource.columns)
    }
}
