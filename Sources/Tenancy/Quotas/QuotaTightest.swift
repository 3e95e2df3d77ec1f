/// The ceilings that leave least, on requests and on tokens, over a minute and a day.
public struct QuotaTightest: Sendable, Equatable {
    /// Of `rpm` and `rpd`; nil where neither binds.
    public private(set) var requests: QuotaState?
    /// Of `tpm` and `tpd`; nil where neither binds.
    public private(set) var tokens: QuotaState?

    init() {}

    /// Keeps the state if it leaves less than what is kept; of two that leave the same, the first.
    mutating func consider(_ state: QuotaState) {
        switch state.limitType {
        case .rpm, .rpd:
            if state.remaining < requests?.remaining ?? .max { requests = state }
        case .tpm, .tpd:
            if state.remaining < tokens?.remaining ?? .max { tokens = state }
        case .concurrency: break
        }
    }
}
