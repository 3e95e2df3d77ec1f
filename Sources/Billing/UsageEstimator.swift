import Synchronization

/// Estimates tokens from bytes where a backend reported none, by what its reports of the same model taught.
public final class UsageEstimator: Sendable {
    /// Thousandths of a byte per token.
    private struct Ratios {
        var request = UsageEstimator.initial
        var response = UsageEstimator.initial
    }

    /// Four bytes a token, before anything was learnt.
    private static let initial: Int64 = 4000
    /// Each report moves a ratio by one part in this many.
    private static let weight: Int64 = 8
    /// A token never counts as less than a thousandth of a byte or more than a megabyte.
    private static let range: ClosedRange<Int64> = 1...1_000_000_000
    /// Models come from the operator, so there are few; beyond this many none are added.
    private static let modelLimit = 4096

    private let models = Mutex<[String: Ratios]>([:])

    /// An estimator that has learnt nothing.
    public init() {}

    /// Learns from a call whose usage was reported; sides without tokens or bytes teach nothing.
    public func learn(
        model: String,
        requestBytes: Int64,
        inputTokens: Int64,
        responseBytes: Int64,
        outputTokens: Int64
    ) {
        models.withLock { models in
            guard models[model] != nil || models.count < Self.modelLimit else { return }
            var ratios = models[model] ?? Ratios()
            Self.move(&ratios.request, bytes: requestBytes, tokens: inputTokens)
            Self.move(&ratios.response, bytes: responseBytes, tokens: outputTokens)
            models[model] = ratios
        }
    }

    /// Tokens for the bytes seen, rounded up, and not above the bounds the call was admitted with.
    public func estimate(
        model: String,
        requestBytes: Int64,
        responseBytes: Int64,
        inputBound: Int64 = .max,
        outputBound: Int64 = .max
    ) -> TokenUsage {
        let ratios = models.withLock { $0[model] ?? Ratios() }
        return TokenUsage(
            input: min(Self.tokens(requestBytes, ratios.request), max(inputBound, 0)),
            output: min(Self.tokens(responseBytes, ratios.response), max(outputBound, 0))
        )
    }

    private static func move(_ ratio: inout Int64, bytes: Int64, tokens: Int64) {
        guard bytes > 0, tokens > 0 else { return }
        let seen = Int64(clamping: Int128(bytes) * 1000 / Int128(tokens))
        let clamped = min(max(seen, range.lowerBound), range.upperBound)
        ratio = min(max((ratio * (weight - 1) + clamped) / weight, range.lowerBound), range.upperBound)
    }

    private static func tokens(_ bytes: Int64, _ ratio: Int64) -> Int64 {
        let scaled = Int128(max(bytes, 0)) * 1000 + Int128(ratio) - 1
        return Int64(clamping: scaled / Int128(ratio))
    }
}
