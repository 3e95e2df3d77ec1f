import ArgumentParser

/// `tollgate prices imports`.
struct ListPriceImports: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "imports", abstract: "List imports of price lists, the earliest first.")

    @OptionGroup var options: ClientOptions

    func run() throws {
        options.show(
            try options.client().list("/prices/imports"),
            columns: [
                "created_at", "created_by", "format", "kind", "effective_from", "published", "planned", "complete",
                "sha256", "id",
            ])
    }
}
