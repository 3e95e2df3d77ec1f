import ArgumentParser

/// `tollgate period show`: a month and the corrections made to it.
struct ShowPeriod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a month and what corrects it.")

    @Argument(help: "The month, such as 2026-11.")
    var period: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let path = PathText.join("periods", period)
        let month = try client.call("GET", path)
        let corrections = try client.list(path + "/corrections")
        switch options.output {
        case .json: options.show(month.with("corrections", .array(corrections)), columns: [])
        case .table:
            options.show(month, columns: PeriodCommands.columns)
            if !corrections.isEmpty {
                print()
                options.show(
                    corrections, columns: ["created_at", "amount", "reason", "tenant_id", "model", "period", "id"])
            }
        }
    }
}
