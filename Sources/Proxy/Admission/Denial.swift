import Billing
import Tenancy

/// An expected refusal, in words the client is told; never an error of ours.
enum Denial: Error, Sendable {
    /// No, malformed, unknown, expired or revoked key, or an address it may not be used from.
    case invalidKey
    /// The tenant exists but may not call at present.
    case tenantSuspended
    /// The model does not exist or is not entitled; the two are told apart by nobody.
    case modelNotFound(String)
    /// A hard budget applies and the model has no price.
    case modelNotPriced(String)
    /// The hold can never fit what is left of this budget.
    case insufficientQuota(BudgetState)
    /// Only live holds are in the way of this budget.
    case budgetHeld(BudgetState)
    /// Too many keys are waiting for their first check.
    case keyCheckBusy
    /// A request, token, daily or concurrency quota is used up.
    case quota(QuotaDenial)
    /// The body is not what the route takes.
    case badRequest(code: String, param: String?, message: String)
    /// The path is not a route.
    case unknownRoute(String)
    /// The route exists under another method.
    case methodNotAllowed(allow: String)
    /// The body passes `limits.max_body` bytes.
    case bodyTooLarge(limit: Int)
    /// The request head passes its limits.
    case headersTooLarge
    /// An expectation other than `100-continue`, or a method that makes tunnels.
    case expectationFailed
    /// The bytes are not HTTP/1.1.
    case malformedRequest(String)
    /// The client took too long to send its request.
    case requestTimeout
    /// Every backend of every target is unavailable.
    case poolsExhausted(retryAfterSeconds: Int64)
    /// Too many of the tenant's own questions about usage wait for the database.
    case usageBusy
    /// Too many questions about usage wait for the database.
    case readsBusy
    /// Bodies in memory passed `limits.body_memory`.
    case overloaded
    /// The hold could not be written.
    case ledgerUnavailable
    /// The process is stopping.
    case draining
    /// The backend broke the protocol, failed, or refused our credential.
    case upstreamError(String)
    /// The backend was too slow.
    case upstreamTimeout

    /// A parameter of the query string that is not what the route takes.
    static func badParameter(_ name: String, _ detail: String) -> Denial {
        .badRequest(
            code: "invalid_parameter", param: String(name.prefix(64)), message: "`\(name.prefix(64))` \(detail).")
    }

    /// None of the model's backends speaks the API of this route, and nothing is translated.
    static func notServed(_ model: String, by kind: AskKind) -> Denial {
        .badRequest(
            code: "route_not_supported", param: "model",
            message: "The model `\(model.prefix(128))` is not served on /v1\(kind.suffix): none of its backends speaks "
                + "the \(kind.backendKind == .anthropic ? "Anthropic" : "OpenAI") API.")
    }

    /// The bounded word for this refusal in metrics and logs.
    var outcome: String {
        switch self {
        case .invalidKey, .tenantSuspended, .keyCheckBusy: "denied_auth"
        case .modelNotFound, .modelNotPriced: "denied_model"
        case .insufficientQuota, .budgetHeld: "denied_budget"
        case .quota, .usageBusy: "denied_quota"
        case .poolsExhausted, .upstreamError, .upstreamTimeout: "upstream_error"
        case .overloaded, .readsBusy, .ledgerUnavailable, .draining: "unavailable"
        default: "bad_request"
        }
    }
}
