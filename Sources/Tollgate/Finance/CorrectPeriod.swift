import ArgumentParser

/// `tollgate period correct`.
struct CorrectPeriod: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "correct", abstract: "Correct a closed month by an entry of the open one.",
        discussion: "An amount below zero, given as --amount=-1.25, gives money back.")

    @Argument(help: "The closed month, such as 2026-10.")
    var period: String

    @Option(help: "Who is charged or credited, by id or name.")
    var tenant: String

    @Option(help: "US dollars, such as 1.25 or -1.25.")
    var amount: String

    @Option(help: "Why; it is kept with the entry.")
    var reason: String

    @Option(help: "The key it is about, by id.")
    var key: String?

    @Option(help: "The model it is about.")
    var model: String?

    @Option(help: "The pool it is about.")
    var pool: String?

    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        var body: [String: JSONValue] = [
            "tenant_id": .string(try client.tenantID(tenant)), "amount": .string(amount), "reason": .string(reason),
        ]
        for (name, value) in [("key_id", key), ("model", model), ("pool", pool)] {
            if let value { body[name] = .string(value) }
        }
        let made = try client.call("POST", PathText.join("periods", period, "corrections"), .object(body))
        options.show(made, columns: ["id", "corrects_period", "period", "amount", "reason"])
    }
}
