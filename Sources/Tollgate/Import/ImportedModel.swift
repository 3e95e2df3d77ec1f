/// A model of the state file to be.
struct ImportedModel: Sendable {
    /// A pool that serves it, and what it is called there.
    struct Target: Sendable, Hashable {
        var pool: String
        var upstreamModel: String
    }

    let name: String
    /// What it was called where it comes from: everything there names it so.
    let origin: String
    var targets: [Target]
    /// Tokens; nil: the configuration says nothing.
    var maxOutputTokens: Int64?
    var contextWindow: Int64?
    var prices: LiteLLMPrices?
    var accessGroups: Set<String> = []
}
