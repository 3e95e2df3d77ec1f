import Billing
import Proxy
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct ProblemTests {
    @Test("a problem has the members RFC 9457 names, a code, the fields and the request")
    func shape() {
        let problem = Problem.invalid("/limit", "is required")
        let expected =
            #"{"type":"about:blank","title":"Bad Request","status":400,"code":"invalid_request","#
            + #""detail":"/limit is required","errors":[{"pointer":"/limit","detail":"is required"}],"#
            + #""request_id":"req_1"}"#
        #expect(problem.json(requestID: "req_1").text == expected)
    }

    @Test(
        "known errors are answered with their code",
        arguments: [
            (TenancyError.notFound as any Error, 404, "not_found"), (TenancyError.nameTaken, 409, "name_taken"),
            (RoutingError.notFound, 404, "not_found"), (RoutingError.nameTaken, 409, "name_taken"),
            (RoutingError.inUse, 409, "in_use"), (RoutingError.unknownPool("x"), 400, "unknown_pool"),
            (KeyHasherError.full, 503, "busy"), (LedgerError.unavailable("disk full"), 503, "ledger_unavailable"),
        ])
    func translation(error: any Error, status: Int, code: String) {
        let problem = ProblemTranslation.problem(for: error)
        #expect(problem.json(requestID: "").text.contains("\"status\":\(status),"))
        #expect(problem.code == code)
    }

    @Test("an unknown error tells nothing of itself")
    func unknown() {
        struct Secret: Error { let text = "password" }
        let problem = ProblemTranslation.problem(for: Secret())
        #expect(problem == .internalError)
        #expect(!problem.json(requestID: "req_1").text.contains("password"))
    }
}
