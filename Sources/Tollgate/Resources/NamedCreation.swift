import ArgumentParser

/// A resource that belongs to nothing and has a name.
struct NamedCreation: CreateScope {
    @Option(help: "Its name.")
    var name: String?

    func settings(_ client: AdminClient) throws -> [String: String] {
        name.map { ["name": $0] } ?? [:]
    }
}
