import ArgumentParser

/// The command of a `ResourceAction`.
struct ActionCommand<Action: ResourceAction>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: Action.verb, abstract: Action.abstract)
    }

    @Argument(help: ArgumentHelp(Action.Kind.resource.reference))
    var reference: String
    @OptionGroup var options: ClientOptions

    func run() throws {
        let client = try options.client()
        let path = try client.path(of: reference, in: Action.Kind.resource)
        options.show(
            try client.call(Action.method, "\(path)/\(Action.verb)"), columns: Action.Kind.resource.columns)
    }
}
