/// A tenant of the state file to be.
struct ImportedTenant: Sendable {
    let name: String
    /// Where it comes from, for a comment.
    let origin: String
    /// The models it may use; nil: all.
    var models: Set<String>?
    var limits: LiteLLMLimits
}
