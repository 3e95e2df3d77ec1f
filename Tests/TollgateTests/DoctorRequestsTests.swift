import Proxy
import Support
import Synchronization
import Tenancy
import Testing

@testable import Tollgate

/// What doctor sends over the network, and to whom.
@Suite struct DoctorRequestsTests {
    private func survey(_ key: MasterKey?, _ backends: [BackendDefinition]) -> (facts: [BackendFacts], asked: [String])
    {
        let asked = Mutex<[String]>([])
        let policy = UpstreamPolicy()
        let survey = BackendSurvey(policy: policy, masterKey: key, time: ManualClock()) { url, headers, _ in
            asked.withLock { $0.append(([url] + headers.map { "\($0.0): \($0.1)" }).joined(separator: " ")) }
            return 200
        }
        let facts = survey.run(backends)
        return (facts, asked.withLock { $0.sorted() })
    }

    @Test func `backends are asked as probes ask them; one whose key does not open is not asked and fails`() throws {
        let key = try MasterKey(base64: MasterKey.generate())
        var plain = BackendDefinition(
            id: ID("be_1"), pool: "p", name: "plain", kind: .openai, baseURL: "http://127.0.0.1:1/v1")
        var sealed = BackendDefinition(
            id: ID("be_2"), pool: "p", name: "sealed", kind: .anthropic, baseURL: "http://127.0.0.1:2/v1")
        sealed.sealedKey = try key.seal(Array("sk-1".utf8), context: sealed.keyContext)
        let whole = survey(key, [plain, sealed])
        #expect(
            whole.asked == [
                "http://127.0.0.1:1/v1/models",
                "http://127.0.0.1:2/v1/models x-api-key: sk-1 anthropic-version: 2023-06-01",
            ])
        #expect(whole.facts.map(\.status) == [200, 200])
        for other in [nil, try MasterKey(base64: MasterKey.generate())] {
            plain.draining = false
            let part = survey(other, [plain, sealed])
            #expect(part.asked == ["http://127.0.0.1:1/v1/models"])
            #expect(part.facts.map(\.isSealed) == [false, true])
            let finding = BackendChecks.finding(part.facts[1], alone: [])
            #expect(finding.state == .fail)
            #expect(finding.detail == "its api_key does not open with the master key")
        }
    }

    @Test func `the bootstrap credential is shown only to who holds the database's lock`() throws {
        let folder = try TemporaryFolder()
        try StarterFiles(folder: folder.path).write()
        let configuration = try Configuration.load(path: "\(folder.path)/tollgate.yaml", environment: [:])
        for (isLocked, headers) in [(true, ["authorization: Bearer secret"]), (false, []), (nil, [])]
            as [(Bool?, [String])]
        {
            var seen: [String] = []
            let facts = GatewayFacts(configuration, isLocked: isLocked, key: "secret") { _, headers in
                seen = headers.map { "\($0.0): \($0.1)" }
                return AdminAnswer(status: 401, body: [])
            }
            #expect(seen == headers)
            #expect(facts.status == 401)
            #expect(facts.credentialStatus == (isLocked == true ? 401 : nil))
        }
    }

    @Test func `a key is recovered under a name that everybody may have`() async throws {
        var command = RecoverAdminKey()
        command.name = "=cmd"
        let failure = await #expect(throws: CommandFailure.self) { try await command.run() }
        #expect(failure?.status == .usage)
        #expect(failure?.description == "--name must not begin with one of = + - @")
    }

    @Test func `the parts of a question that have a value are joined, each encoded`() {
        #expect(PathText.join("a b", query: ["x": "1&2", "y": nil, "z": "ü"]) == "/a%20b?x=1%262&z=%C3%BC")
        #expect(PathText.join("a", query: ["x": nil]) == "/a")
    }
}
