import Billing
import Tenancy

/// A denial in OpenAI's words: status, type, code and message, and the headers that go with it; pure.
struct DenialWords {
    let status: Int
    let type: String
    let code: String
    var param: String?
    let message: String
    var budget: BudgetState?
    var headers: [(String, String)] = []
}

extension DenialWords {
    init(_ denial: Denial) {
        switch denial {
        case .insufficientQuota(let state):
            self.init(
                status: 429, type: "insufficient_quota", code: "insufficient_quota",
                message: Self.explain(state, "The spend cap is reached"), budget: state,
                headers: [("x-should-retry", "false")])
        case .budgetHeld(let state):
            self.init(
                status: 429, type: "insufficient_quota", code: "budget_held",
                message: Self.explain(state, "The rest of the spend cap is held by calls in flight"), budget: state,
                headers: Self.retry(afterMS: 1000))
        case .quota(let quota):
            self.init(quota)
        case .usageBusy:
            self.init(
                status: 429, type: "requests", code: "rate_limit_exceeded",
                message: "As many usage queries of this tenant are waiting as may.",
                headers: Self.retry(afterMS: 1000))
        case .poolsExhausted(let seconds):
            self.init(
                status: 503, type: Self.unavailable, code: "all_pools_exhausted",
                message: "No backend of any pool can serve this model now.",
                headers: Self.retry(afterMS: seconds * 1000))
        case .invalidKey, .tenantSuspended, .modelNotFound, .modelNotPriced, .keyCheckBusy:
            self.init(gate: denial)
        case .overloaded, .readsBusy, .ledgerUnavailable, .draining, .upstreamError, .upstreamTimeout:
            self.init(failure: denial)
        default:
            self.init(request: denial)
        }
    }

    private static let unavailable = "service_unavailable_error"
    private static let invalid = "invalid_request_error"

    /// Refusals about who calls and which model.
    private init(gate denial: Denial) {
        switch denial {
        case .tenantSuspended:
            self.init(
                status: 403, type: "permission_error", code: "tenant_suspended", message: "This tenant is suspended.")
        case .modelNotFound(let model):
            self.init(
                status: 404, type: Self.invalid, code: "model_not_found", param: "model",
                message: "The model `\(model.prefix(128))` does not exist or you do not have access to it.")
        case .modelNotPriced(let model):
            self.init(
                status: 403, type: "permission_error", code: "model_not_priced", param: "model",
                message: "The model `\(model.prefix(128))` has no price, and a spend cap applies to this key.")
        case .keyCheckBusy:
            self.init(
                status: 429, type: "requests", code: "rate_limit_exceeded",
                message: "Too many keys are being checked; try again.", headers: Self.retry(afterMS: 1000))
        default:
            self.init(
                status: 401, type: Self.invalid, code: "invalid_api_key", message: "Incorrect API key provided.",
                headers: [("www-authenticate", "Bearer")])
        }
    }

    /// Failures of ours or of a backend.
    private init(failure denial: Denial) {
        switch denial {
        case .overloaded:
            self.init(
                status: 503, type: Self.unavailable, code: "overloaded",
                message: "The gateway holds as many request bodies as it may.", headers: Self.retry(afterMS: 1000))
        case .readsBusy:
            self.init(
                status: 503, type: Self.unavailable, code: "overloaded",
                message: "Too many usage queries are waiting.", headers: Self.retry(afterMS: 1000))
        case .ledgerUnavailable:
            self.init(
                status: 503, type: Self.unavailable, code: "ledger_unavailable",
                message: "The ledger cannot be used now, so no call is made.", headers: Self.retry(afterMS: 1000))
        case .draining:
            self.init(
                status: 503, type: Self.unavailable, code: "draining", message: "The gateway is stopping.",
                headers: Self.retry(afterMS: 1000))
        case .upstreamTimeout:
            self.init(
                status: 504, type: "server_error", code: "upstream_timeout",
                message: "The backend did not answer in time.")
        case .upstreamError(let message):
            self.init(status: 502, type: "server_error", code: "upstream_error", message: message)
        default:
            self.init(status: 502, type: "server_error", code: "upstream_error", message: "The backend failed.")
        }
    }

    /// Requests that are not what a route takes.
    private init(request denial: Denial) {
        switch denial {
        case .badRequest(let code, let param, let message):
            self.init(status: 400, type: Self.invalid, code: code, param: param, message: message)
        case .unknownRoute(let path):
            self.init(
                status: 404, type: Self.invalid, code: "unknown_url",
                message: "Unknown request URL: \(path.prefix(200)).")
        case .methodNotAllowed(let allow):
            self.init(
                status: 405, type: Self.invalid, code: "method_not_allowed",
                message: "This URL takes \(allow) only.", headers: [("allow", allow)])
        case .bodyTooLarge(let limit):
            self.init(
                status: 413, type: Self.invalid, code: "request_too_large",
                message: "The body is larger than \(limit) bytes.")
        case .headersTooLarge:
            self.init(
                status: 431, type: Self.invalid, code: "headers_too_large",
                message: "The request head is larger than 64 KiB or 100 fields, or has over 1 KiB beyond ASCII.")
        case .expectationFailed:
            self.init(
                status: 417, type: Self.invalid, code: "expectation_failed",
                message: "Only `Expect: 100-continue` is understood; CONNECT and TRACE are not served.")
        case .requestTimeout:
            self.init(
                status: 408, type: Self.invalid, code: "request_timeout", message: "The request was sent too slowly.")
        case .malformedRequest(let reason):
            self.init(status: 400, type: Self.invalid, code: "malformed_request", message: reason)
        default:
            self.init(status: 400, type: Self.invalid, code: "bad_request", message: "The request cannot be served.")
        }
    }

    private init(_ quota: QuotaDenial) {
        let tokens = quota.limitType == .tpm || quota.limitType == .tpd
        self.init(
            status: 429, type: tokens ? "tokens" : "requests", code: "rate_limit_exceeded",
            message: "The \(quota.subject.rawValue)'s \(quota.limitType.rawValue) quota of \(quota.limit) is reached.",
            headers: Self.retry(afterMS: quota.retryAfterMS) + Self.giveUp(afterMS: quota.retryAfterMS))
    }

    /// SDKs wait two minutes at most; told to wait longer, some try again at once instead.
    private static func giveUp(afterMS: Int64) -> [(String, String)] {
        afterMS > 120_000 ? [("x-should-retry", "false")] : []
    }

    /// Whole seconds, rounded up and at least one, and the exact milliseconds beside them.
    private static func retry(afterMS: Int64) -> [(String, String)] {
        let bounded = min(max(afterMS, 1), 86_400_000)
        return [("retry-after", String((bounded + 999) / 1000)), ("retry-after-ms", String(bounded))]
    }

    private static func explain(_ state: BudgetState, _ what: String) -> String {
        "\(what): limit \(state.limit.decimal) USD, posted \(state.posted.decimal), "
            + "held \(state.held.decimal), remaining \(state.remaining.decimal)."
    }
}
