import ArgumentParser

/// Options that say which list is meant.
protocol ListScope: ParsableArguments {
    /// The list's path with its query.
    func path(of resource: Resource, _ client: AdminClient) throws -> String
}
