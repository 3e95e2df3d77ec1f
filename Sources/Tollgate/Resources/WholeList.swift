import ArgumentParser

/// All of them.
struct WholeList: ListScope {
    func path(of resource: Resource, _ client: AdminClient) throws -> String {
        PathText.join(resource.name)
    }
}
