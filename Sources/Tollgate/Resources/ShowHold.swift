import ArgumentParser

/// `tollgate holds show`: one hold that is still there.
struct ShowHold: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one hold.")

    @Argument(help: "Its id.")
    var reference: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let holds = try options.client().list(PathText.join(Holds.resource.name))
        guard let hold = holds.first(where: { $0["id"].string == reference }) else {
            throw CommandFailure(.notFound, "there is no hold \(reference)")
        }
        options.show(hold, columns: Holds.resource.columns)
    }
}
