import Billing
import NIOCore
import Tenancy
import Testing

@testable import Proxy

/// What a client sees of each refusal.
struct ErrorResponseTests {
    /// One refusal and its answer.
    struct Row: Sendable, CustomTestStringConvertible {
        let denial: Denial
        let status: Int
        let type: String
        let code: String
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
        _ denial: Denial, _ status: Int, _ type: String, _ code: String, param: String? = nil, retryMS: Int64? = nil,
        headers: [String: String] = [:]
    ) -> Row {
        var headers = headers
        if let retryMS {
            headers["retry-after"] = String((retryMS + 999) / 1000)
            headers["retry-after-ms"] = String(retryMS)
        }
        return Row(denial: denial, status: status, type: type, code: code, param: param, headers: headers)
    }

    private static let rows: [Row] = [
        row(.invalidKey, 401, "invalid_request_error", "invalid_api_key", headers: ["www-authenticate": "Bearer"]),
        row(.tenantSuspended, 403, "permission_error", "tenant_suspended"),
        row(.modelNotFound("m"), 404, "invalid_request_error", "model_not_found", param: "model"),
        row(.modelNotPriced("m"), 403, "permission_error", "model_not_priced", param: "model"),
        row(
            .insufficientQuota(budget), 429, "insufficient_quota", "insufficient_quota",
            headers: ["x-should-retry": "false"]),
        row(.budgetHeld(budget), 429, "insufficient_quota", "budget_held", retryMS: 1000),
        row(.keyCheckBusy, 429, "requests", "rate_limit_exceeded", retryMS: 1000),
        row(quota(.rpm, retryMS: 1), 429, "requests", "rate_limit_exceeded", retryMS: 1),
        row(quota(.rpd, retryMS: 3_600_001), 429, "requests", "rate_limit_exceeded", retryMS: 3_600_001),
        row(quota(.concurrency, retryMS: 1000), 429, "requests", "rate_limit_exceeded", retryMS: 1000),
        row(quota(.tpm, retryMS: 2500), 429, "tokens", "rate_limit_exceeded", retryMS: 2500),
        row(quota(.tpd, retryMS: 2000), 429, "tokens", "rate_limit_exceeded", retryMS: 2000),
        row(
            .badRequest(code: "unsupported_parameter", param: "store", message: "no"), 400, "invalid_request_error",
            "unsupported_parameter", param: "store"),
        row(
            .badRequest(code: "invalid_json", param: nil, message: "no"), 400, "invalid_request_error", "invalid_json"),
        row(.bodyTooLarge(limit: 9), 413, "invalid_request_error", "request_too_large"),
        row(.headersTooLarge, 431, "invalid_request_error", "headers_too_large"),
        row(
            .poolsExhausted(retryAfterSeconds: 7), 503, "service_unavailable_error", "all_pools_exhausted",
            retryMS: 7000),
        row(.overloaded, 503, "service_unavailable_error", "overloaded", retryMS: 1000),
        row(.ledgerUnavailable, 503, "service_unavailable_error", "ledger_unavailable", retryMS: 1000),
        row(.draining, 503, "service_unavailable_error", "draining", retryMS: 1000),
        row(.upstreamError("no"), 502, "server_error", "upstream_error"),
        row(.upstreamTimeout, 504, "server_error", "upstream_timeout"),
        row(.unknownRoute("/v1/x"), 404, "invalid_request_error", "unknown_url"),
        row(
            .methodNotAllowed(allow: "POST"), 405, "invalid_request_error", "method_not_allowed",
            headers: ["allow": "POST"]),
    ]

    @Test(arguments: rows)
    func `each denial has its status, type, code, parameter and headers`(row: Row) {
        let response = ErrorResponse(row.denial)
        #expect(response.status == row.status)
        #expect(response.type == row.type)
        #expect(response.code == row.code)
        #expect(response.param == row.param)
        #expect(Dictionary(response.headers) { first, _ in first } == row.headers)
        #expect(response.headers.count == row.headers.count)
        #expect(!response.message.isEmpty)
    }

    private func body(_ denial: Denial) -> String {
        String(buffer: ErrorResponse(denial).body(requestID: RequestID.make(at: Timestamp(microseconds: 0))))
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

    @Test(arguments: [Denial.insufficientQuota(budget), .budgetHeld(budget)])
    func `a refusal by a budget shows its figures`(denial: Denial) {
        let figures =
            #""budget":{"id":"bud_1","scope":{"model":"m"},"window":"month","limit":"10","posted":"9","held":"0.5","#
            + #""remaining":"0.5","window_start":"1970-01-01T00:00:00Z","resets_at":null}"#
        #expect(body(denial).contains(figures), "\(body(denial))")
    }
}
