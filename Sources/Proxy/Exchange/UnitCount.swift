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

    /// What a report in no unit that the prices charge for is completed to: a ranking counted in tokens and sold by the
    /// search would be free otherwise. Nil where it counts in one of them, be it zero, or nothing is charged.
    ///
    /// - Parameters:
    ///   - usage: what the report counts, with what is known exactly.
    ///   - reports: whether the report counts in a unit.
    ///   - estimate: what was used within the bound, as far as it could be seen.
    func completed(
        _ usage: TokenUsage, reports: (Meter) -> Bool, _ prices: PriceSheet?, estimate: () -> TokenUsage
    ) -> TokenUsage? {
        switch kind {
        case .rerank, .speech, .transcription: break
        // All others are counted in tokens, or exactly.
        default: return nil
        }
        let charged = kind.chargedMeters.filter { $0 != .request && prices?.charges(anyOf: [$0]) == true }
        let isCounted = charged.contains { $0 == .character || reports($0) }
        guard !charged.isEmpty, !isCounted else { return nil }
        let estimate = estimate()
        var whole = usage
        for meter in Meter.allCases where charged.contains(meter.isToken ? Self.token(of: kind) : meter) {
            whole[meter] = estimate[meter]
        }
        return whole
    }

    /// The meter that stands for all tokens among those a kind is charged by.
    private static func token(of kind: AskKind) -> Meter {
        kind.chargedMeters.first(where: \.isToken) ?? .input
    }
}
