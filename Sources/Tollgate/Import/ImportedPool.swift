/// A pool of the state file to be.
struct ImportedPool: Sendable {
    let name: String
    var policy: String
    /// In the order of the configuration, each with a name of its own.
    var backends: [ImportedBackend]
}
