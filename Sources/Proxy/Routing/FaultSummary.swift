/// What the attempts of one request met, and what that lets its client be told; pure.
struct FaultSummary: Equatable, Sendable {
    private var failure: AttemptFault?
    private var timeout: AttemptFault?

    mutating func note(_ fault: AttemptFault) {
        if fault.isTimeout {
            timeout = fault
        } else if !fault.isExhaustion {
            failure = fault
        }
    }

    /// The most telling failure: anything a backend broke, else a timeout, else that no backend was free.
    func denial(retryAfterSeconds: Int64) -> Denial {
        if let failure { return .upstreamError(Self.words(for: failure)) }
        if timeout != nil { return .upstreamTimeout }
        return .poolsExhausted(retryAfterSeconds: retryAfterSeconds)
    }

    private static func words(for fault: AttemptFault) -> String {
        switch fault.reason {
        case "credential_refused": "The backend refused the gateway's credential."
        case "redirect": "The backend answered with a redirect, which is never followed."
        case "error_object": "The backend answered with an error."
        case "malformed", "too_large": "The backend's answer was malformed or too large."
        case "reset": "The connection to the backend broke."
        default: "The backend failed."
        }
    }
}
