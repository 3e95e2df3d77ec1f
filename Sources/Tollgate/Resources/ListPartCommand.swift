import ArgumentParser

/// The command of a `ResourcePart`.
struct ListPartCommand<Part: ResourcePart>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Part.name, abstract: Part.abstract)
    }

    @Argument(help: "Whose: an id or name.")
    var reference: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let path = try client.path(of: reference, in: Part.Kind.resource)
        options.show(try client.list("\(path)/\(Part.name)"), columns: Part.columns)
    }
}
