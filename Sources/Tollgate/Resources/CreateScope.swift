import ArgumentParser

/// Options for the fields most used when something is created, and for where it belongs.
protocol CreateScope: ParsableArguments {
    /// Where the new resource is posted.
    func path(of resource: Resource, _ client: AdminClient) throws -> String
    /// The fields given by options of their own.
    func settings(_ client: AdminClient) throws -> [String: String]
}

extension CreateScope {
    func path(of resource: Resource, _ client: AdminClient) throws -> String {
        PathText.join(resource.name)
    }
}
