/// What an attempt met instead of an answer, as far as routing is concerned; pure.
struct AttemptFault: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        /// The backend never had the whole request.
        case notSent
        /// 429, in the head or as the first word of an answer.
        case rateLimited
        /// 401, 402 or 403: our credential there is not good.
        case credentialRefused
        /// 5xx, 408, a redirect, or an answer that is none.
        case failed
        /// The request was sent and no answer began, or it broke off.
        case hung
    }

    let kind: Kind
    /// A word from a bounded set, for metrics and status.
    let reason: String
    /// What the backend asked us to wait; nil when it did not.
    var retryAfterSeconds: Int64?
    var isTimeout = false
    /// More for logs and the status page.
    var detail = ""

    /// The fault that a status alone is; nil when the answer decides, or when it is the client's to see.
    static func status(_ status: Int, retryAfterSeconds: Int64?) -> AttemptFault? {
        switch status {
        case 200: nil
        case 429: AttemptFault(kind: .rateLimited, reason: "rate_limited", retryAfterSeconds: retryAfterSeconds)
        case 401, 402, 403: AttemptFault(kind: .credentialRefused, reason: "credential_refused")
        case 408: AttemptFault(kind: .failed, reason: "status_408")
        case 400..<500: nil
        case 503: AttemptFault(kind: .failed, reason: "status_5xx", retryAfterSeconds: retryAfterSeconds)
        case 500..<600: AttemptFault(kind: .failed, reason: "status_5xx")
        case 300..<400: AttemptFault(kind: .failed, reason: "redirect")
        default: AttemptFault(kind: .failed, reason: "odd_status")
        }
    }

    /// The fault of a call that did not come to its end.
    init(_ error: UpstreamError) {
        switch error.stage {
        // Bytes of the request were on their way: it may be the request that the backend does not take.
        case .notSent: kind = error.reason.isBeforeSending ? .notSent : .failed
        case .unanswered: kind = .hung
        case .broken: kind = error.isTimeout ? .hung : .failed
        }
        reason = error.reason.rawValue
        isTimeout = error.isTimeout
        detail = error.description
    }

    init(
        kind: Kind, reason: String, retryAfterSeconds: Int64? = nil, isTimeout: Bool = false, detail: String = ""
    ) {
        self.kind = kind
        self.reason = reason
        self.retryAfterSeconds = retryAfterSeconds
        self.isTimeout = isTimeout
        self.detail = detail
    }

    /// An answer that breaks its own format, or is cut short.
    static let malformed = AttemptFault(kind: .failed, reason: UpstreamFailureReason.malformed.rawValue)
    /// A backend that says, in a 200, that it failed.
    static let errorObject = AttemptFault(kind: .failed, reason: "error_object")
    /// A backend that says, in a 200, that we ask too often.
    static let rateLimitObject = AttemptFault(kind: .rateLimited, reason: "rate_limited")

    /// Only the absence of a free backend: after it the client is told that all pools are exhausted.
    var isExhaustion: Bool {
        switch kind {
        case .notSent: !isTimeout
        case .rateLimited: true
        case .credentialRefused, .failed, .hung: false
        }
    }
}
