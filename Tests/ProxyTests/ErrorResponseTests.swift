import Billing
import NIOCore
import Testing

@testable import Proxy
@testable import Tenancy

/// What a client sees of each refusal.
struct ErrorResponseTests {
    /// One refusal and its answer in both shapes.
    struct Row: Sendable, CustomTestStringConvertible {
        let denial: Denial
        let status: Int
        let type: String
        let code: String
        let anthropic: String
        var param: String?
        var headers: [String: String] = [:]

        var testDescription: String { "\(status) \(code)" }
    }

    private static let budget = BudgetState(
        budget: Budget(
            id: ID("bud_1"), tenantID: ID("ten_1"), model: "m", limit: Money(pico: 10_000_000_000_000), window: .month,
            createdAt: Timestamp(microseconds: 0)),
        posted: Money(pico: 9_000_000_000_000), held: Money(pico: 500_000_000_000),
        remaining: Money(pico: 500_000_000_000), windowStart: Timestamp(microseconds: 0), resetsAt: nil)

    private static func quota(_ type: QuotaLimitType, retryMS: Int64) -> Denial {
        .quota(QuotaDenial(subject: .key, limitType: type, limit: 5, retryAfterMS: retryMS))
    }

    private static func row(
        _ denial: Denial, _ status: Int, _ type: String, _ code: String, _ anthropic: String, param: String? = nil,
        retryMS: Int64? = nil, headers: [String: String] = [:]
    ) -> Row {
        var headers = headers
        if let retryMS {
            headers["retry-after"] = String((retryMS + 999) / 1000)
            headers["retry-after-ms"] = String(retryMS)
        }
        return Row(
            denial: denial, status: status, type: type, code: code, anthropic: anthropic, param: param,
            headers: headers)
    }

    private static let invalid = "invalid_request_error"
    private static let unavailable = "service_unavailable_error"
    private static let noRetry = ["x-should-retry": "false"]

    private static let gates: [Row] = [
        row(
            .invalidKey, 401, invalid, "invalid_api_key", "401 authentication_error",
            headers: ["www-authenticate": "Bearer"]),
        row(.tenantSuspended, 403, "permission_error", "tenant_suspended", "403 permission_error"),
        row(.modelNotFound("m"), 404, invalid, "model_not_found", "404 not_found_error", param: "model"),
        row(
            .modelNotPriced("m"), 403, "permission_error", "model_not_priced", "403 permission_error", param: "model"),
        row(
            .insufficientQuota(budget), 429, "insufficient_quota", "insufficient_quota", "402 billing_error",
            headers: noRetry),
        row(.budgetHeld(budget), 429, "insufficient_quota", "budget_held", "429 rate_limit_error", retryMS: 1000),
        row(.usageBusy, 429, "requests", "rate_limit_exceeded", "429 rate_limit_error", retryMS: 1000),
        row(.keyCheckBusy, 429, "requests", "rate_limit_exceeded", "429 rate_limit_error", retryMS: 1000),
        row(
            quota(.rpm, retryMS: 1), 429, "requests", "rate_limit_exceeded", "429 rate_limit_error", retryMS: 1),
        row(
            quota(.rpd, retryMS: 3_600_001), 429, "requests", "rate_limit_exceeded", "429 rate_limit_error",
            retryMS: 3_600_001, headers: noRetry),
        row(
            quota(.concurrency, retryMS: 1000), 429, "requests", "rate_limit_exceeded", "429 rate_limit_error",
            retryMS: 1000),
        row(
            quota(.tpm, retryMS: 120_000), 429, "tokens", "rate_limit_exceeded", "429 rate_limit_error",
            retryMS: 120_000),
        row(
            quota(.tpd, retryMS: 120_001), 429, "tokens", "rate_limit_exceeded", "429 rate_limit_error",
            retryMS: 120_001, headers: noRetry),
    ]

    private static let requests: [Row] = [
        row(
            .badRequest(code: "unsupported_parameter", param: "store", message: "no"), 400, invalid,
            "unsupported_parameter", "400 invalid_request_error", param: "store"),
        row(
            .badRequest(code: "invalid_json", param: nil, message: "no"), 400, invalid, "invalid_json",
            "400 invalid_request_error"),
        row(.malformedRequest("no"), 400, invalid, "malformed_request", "400 invalid_request_error"),
        row(.requestTimeout, 408, invalid, "request_timeout", "408 invalid_request_error"),
        row(.expectationFailed, 417, invalid, "expectation_failed", "417 invalid_request_error"),
        row(.bodyTooLarge(limit: 9), 413, invalid, "request_too_large", "413 request_too_large"),
        row(.headersTooLarge, 431, invalid, "headers_too_large", "413 request_too_large"),
        row(.unknownRoute("/v1/x"), 404, invalid, "unknown_url", "404 not_found_error"),
        row(
            .methodNotAllowed(allow: "POST"), 405, invalid, "method_not_allowed", "405 invalid_request_error",
            headers: ["allow": "POST"]),
    ]

    private static let failures: [Row] = [
        row(
            .poolsExhausted(retryAfterSeconds: 7), 503, unavailable, "all_pools_exhausted", "529 overloaded_error",
            retryMS: 7000),
        row(.overloaded, 503, unavailable, "overloaded", "529 overloaded_error", retryMS: 1000),
        row(.readsBusy, 503, unavailable, "overloaded", "529 overloaded_error", retryMS: 1000),
        row(.ledgerUnavailable, 503, unavailable, "ledger_unavailable", "529 overloaded_error", retryMS: 1000),
        row(.draining, 503, unavailable, "draining", "529 overloaded_error", retryMS: 1000),
        row(.upstreamError("no"), 502, "server_error", "upstream_error", "502 api_error"),
        row(.upstreamTimeout, 504, "server_error", "upstream_timeout", "504 timeout_error"),
    ]

    @Test(arguments: gates + requests + failures, ErrorShape.allCases)
    func `each denial has its status, type, code, parameter and headers in both shapes`(
        row: Row, shape: ErrorShape
    ) {
        let response = ErrorResponse(row.denial, shape: shape)
        let expected = shape == .openAI ? "\(row.status) \(row.type)" : row.anthropic
        #expect("\(response.status) \(response.type)" == expected)
        #expect(response.code == row.code)
        #expect(response.param == row.param)
        #expect(!response.message.isEmpty)
        let id = RequestID.make(at: Timestamp(microseconds: 0))
        let headers = response.headers(requestID: id, bodyBytes: 7)
        var wanted = row.headers
        wanted["content-type"] = "application/json"
        wanted["content-length"] = "7"
        wanted["x-request-id"] = id.text
        if shape == .anthropic { wanted["request-id"] = id.text }
        #expect(Dictionary(headers) { first, _ in first } == wanted)
        #expect(headers.count == wanted.count)
    }

    private func body(_ denial: Denial, _ shape: ErrorShape = .openAI) -> String {
        let response = ErrorResponse(denial, shape: shape)
        return String(buffer: response.body(requestID: RequestID(high: 0, low: 1)))
    }

    @Test
    func `the body on Anthropic's routes is Anthropic's error shape`() {
        #expect(
            body(.modelNotFound("m"), .anthropic)
                == #"{"type":"error","error":{"type":"not_found_error","#
                + #""message":"The model `m` does not exist or you do not have access to it.","#
                + #""param":"model","code":"model_not_found"},"request_id":"req_00000000000000000000000001"}"#)
    }

    @Test
    func `the body is OpenAI's error shape`() {
        let body = body(.modelNotFound(#"a"b"#))
        #expect(
            body.hasPrefix(
                #"{"error":{"message":"The model `a\"b` does not exist or you do not have access to it.","#
                    + #""type":"invalid_request_error","param":"model","code":"model_not_found","request_id":"req_"#))
        #expect(self.body(.draining).contains(#""param":null"#))
    }

    @Test(arguments: [Denial.insufficientQuota(budget), .budgetHeld(budget)], ErrorShape.allCases)
    func `a refusal by a budget shows its figures inside the error`(denial: Denial, shape: ErrorShape) {
        let figures =
            #""budget":{"id":"bud_1","scope":{"model":"m"},"window":"month","limit":"10","posted":"9","held":"0.5","#
            + #""remaining":"0.5","window_start":"1970-01-01T00:00:00Z","resets_at":null}"#
        let body = body(denial, shape)
        #expect(body.contains(figures), "\(body)")
        #expect(body.hasSuffix(shape == .openAI ? #""}}"# : #"}},"request_id":"req_00000000000000000000000001"}"#))
    }
}
