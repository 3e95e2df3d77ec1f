/// The most that one call can use, counted before it is made.
public struct UsageBound: Sendable, Equatable {
    /// Input tokens of every meter together.
    public var inputTokens: Int64
    /// Output tokens of every meter together, over all choices.
    public var outputTokens: Int64
    /// Images made.
    public var images: Int64
    /// Seconds of audio.
    public var seconds: Int64
    /// Unicode scalars of text to be spoken.
    public var characters: Int64
    /// Answered calls; 1 unless the call is free, because every attempt that is answered is one.
    public var requests: Int64
    /// Searches.
    public var searches: Int64

    /// A bound; what is not given is not used at all, but for the one request.
    public init(
        inputTokens: Int64 = 0,
        outputTokens: Int64 = 0,
        images: Int64 = 0,
        seconds: Int64 = 0,
        characters: Int64 = 0,
        requests: Int64 = 1,
        searches: Int64 = 0
    ) {
        self.inputTokens = inputTokens
        self.outputTokens = outputTokens
        self.images = images
        self.seconds = seconds
        self.characters = characters
        self.requests = requests
        self.searches = searches
    }
}
