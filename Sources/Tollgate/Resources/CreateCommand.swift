import ArgumentParser

/// `create`: a new one of a resource.
struct CreateCommand<Kind: ResourceKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        let names = Kind.resource.fields.flatMap(\.listed)
        return CommandConfiguration(
            commandName: "create", abstract: "Create \(Kind.resource.one).",
            discussion: "Fields: \(names.joined(separator: ", ")).")
    }

    @OptionGroup var scope: Kind.Creation
    @OptionGroup var input: FieldInput
    @OptionGroup var options: ClientOptions

    func run() throws {
        let resource = Kind.resource
        let client = try options.client()
        let body = try input.body(fields: resource.fields, given: try scope.settings(client), partial: false)
        let created: JSONValue
        if resource.isPutWhole {
            let path = resource.path(of: body["name"].plain)
            try requireAbsent(path, client)
            created = try client.call("PUT", path, body.without("name"))
        } else {
            created = try client.call("POST", try scope.path(of: resource, client), body)
        }
        options.show(created, columns: resource.columns)
    }

    /// A PUT would replace what is there.
    private func requireAbsent(_ path: String, _ client: AdminClient) throws {
        do {
            try client.call("GET", path)
        } catch let failure as CommandFailure where failure.status == .notFound {
            return
        }
        throw CommandFailure(.conflict, "there is such \(Kind.resource.one) already")
    }
}
