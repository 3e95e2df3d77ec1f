/// What the `gen_ai_*` histograms count of one call that reached a backend; times in nanoseconds.
struct CallFigures {
    let labels: CallLabels
    /// From the whole request to the end of the answer.
    let duration: Int64
    /// From the whole request to the first piece of a streamed answer; nil without a stream.
    let firstToken: Int64?
    let inputTokens: Int64
    let outputTokens: Int64

    /// The time each token after the first took; nil where that cannot be said.
    var perOutputToken: Int64? {
        guard let firstToken, outputTokens > 1, duration > firstToken else { return nil }
        return (duration - firstToken) / (outputTokens - 1)
    }
}
