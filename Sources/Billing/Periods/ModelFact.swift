/// A model as downloads name it.
public struct ModelFact: Codable, Sendable, Equatable {
    /// Tollgate's name, which is also what entries have.
    public let name: String
    /// What the backends of each pool call it, by pool.
    public let upstreamModels: [String: String]

    /// A model as it is now.
    public init(name: String, upstreamModels: [String: String]) {
        self.name = name
        self.upstreamModels = upstreamModels
    }
}
