public import Tenancy

/// A model as clients name it, with the pools that serve it.
public struct ModelDefinition: Sendable, Equatable {
    /// Its unique name; may hold `/`.
    public let name: String
    /// Primary first, then the fallbacks in order; never empty.
    public var targets: [ModelTarget]
    /// Output tokens one choice may have at most.
    public var maxOutputTokens: Int64
    /// Tokens the model can read; caps the input bound.
    public var contextWindow: Int64?
    /// Tokens a chat template may add to the body's bytes.
    public var inputOverheadTokens: Int64
    /// Tokens one image, audio or file part can count; nil: such parts are refused for capped tenants.
    public var partTokensMax: Int64?
    /// Seconds one audio file to transcribe can last; nil: nothing bounds a price per second.
    public var audioSecondsMax: Int64?
    /// When it was first put.
    public var createdAt: Timestamp

    /// A model with the contract's defaults.
    public init(
        name: String,
        targets: [ModelTarget],
        maxOutputTokens: Int64,
        contextWindow: Int64? = nil,
        inputOverheadTokens: Int64 = 256,
        partTokensMax: Int64? = nil,
        audioSecondsMax: Int64? = nil,
        createdAt: Timestamp
    ) {
        self.name = name
        self.targets = targets
        self.maxOutputTokens = maxOutputTokens
        self.contextWindow = contextWindow
        self.inputOverheadTokens = inputOverheadTokens
        self.partTokensMax = partTokensMax
        self.audioSecondsMax = audioSecondsMax
        self.createdAt = createdAt
    }
}
