import Testing

@testable import Tollgate

@Suite struct ExitStatusTests {
    @Test(
        arguments: [
            (400, 1), (401, 4), (403, 4), (404, 3), (409, 5), (412, 5), (429, 1), (500, 1), (503, 1),
        ] as [(Int, Int32)])
    func `an answer's status decides the exit code`(status: Int, code: Int32) {
        #expect(ExitStatus(httpStatus: status).rawValue == code)
    }

    @Test func `wrong usage is 2, a failure has its own code, anything else is 1`() {
        func code(_ arguments: [String]) -> Int32 {
            do {
                _ = try Tollgate.command(for: arguments)
                return -1
            } catch {
                return ExitStatus.code(for: error)
            }
        }
        #expect(code(["--nonsense"]) == 2)
        #expect(code(["tenants", "lisst"]) == 2)
        #expect(code(["apply"]) == 2)
        #expect(code(["holds", "resolve", "h1"]) == 2)
        #expect(code(["quotas", "show"]) == 2)
        #expect(code(["tenants", "list", "--output", "xml"]) == 2)
        #expect(code(["keys", "revoke", "key_1"]) == -1)
        #expect(ExitStatus.code(for: CommandFailure(.conflict, "")) == 5)
        #expect(ExitStatus.code(for: DocumentFaults(file: nil, faults: [])) == 1)
    }
}
