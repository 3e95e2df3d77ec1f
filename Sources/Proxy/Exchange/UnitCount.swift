import Billing

/// What a call uses in units other than tokens, as far as the request or the answer tells it without a report; pure.
struct UnitCount {
    let kind: AskKind
    /// Unicode scalars that the request asks to speak.
    let characters: Int64
    /// Images that the answer brought.
    let images: Int64

    /// Adds what is known exactly to what the backend reported.
    func added(to usage: TokenUsage) -> TokenUsage {
        var usage = usage
        switch kind {
        case .images: usage.image = max(usage.image, images)
        case .speech: usage.character = max(usage.character, characters)
        default: break
        }
        return usage
    }

    /// All that a call uses which the model's prices charge for; nil where only the backend could have counted it.
    ///
    /// - Parameters:
    ///   - prices: nil when the model has none.
    ///   - isWhole: the answer came to its end, so that what it brought is all there is.
    func whole(_ prices: PriceSheet?, isWhole: Bool) -> TokenUsage? {
        switch kind {
        case .countTokens:
            return .zero
        case .images where isWhole && (prices?.charges(anyOf: [.image]) ?? true):
            return added(to: .zero)
        case .speech where prices?.charges(anyOf: [.character]) ?? true:
            return added(to: .zero)
        default:
            return nil
        }
    }
}
