import Tenancy
import Testing

@testable import AdminAPI

@Suite struct WhoamiRoutesTests {
    private func calls(_ answer: AdminClient.Answer) -> Set<String> {
        guard case .array(let entries) = answer["calls"] else { return [] }
        return Set(
            entries.compactMap { entry in
                guard case .object(let members) = entry, case .string(let method)? = members.first?.value,
                    case .string(let path)? = members.last?.value
                else { return nil }
                return "\(method) \(path)"
            })
    }

    @Test("a caller learns its role, its key's name and exactly the calls it may make")
    func roles() async throws {
        try await AdminHarness.run { harness in
            for role in AdminRole.allCases {
                let key = try await harness.adminKey(role)
                let answer = try await harness.client.with(credential: key.text).call("GET", "/whoami")
                #expect(answer.status == 200)
                #expect(answer.text("actor") == key.id)
                #expect(answer.text("name") == role.rawValue)
                #expect(answer.text("role") == role.rawValue)
                #expect(answer["expires_at"] == .null)
                let calls = calls(answer)
                #expect(calls.contains("GET /admin/v1/tenants"))
                #expect(calls.contains("POST /admin/v1/tenants") == (role == .admin))
                #expect(calls.contains("POST /admin/v1/tenants/{tenant}/credits") == (role != .viewer))
                #expect(calls.contains("GET /admin/v1/status") == (role != .finance))
                #expect(!calls.contains("GET /"))
            }
        }
    }

    @Test("the bootstrap credential has no name")
    func bootstrap() async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("GET", "/whoami")
            #expect(answer.text("actor") == "bootstrap")
            #expect(answer["name"] == .null)
            #expect(answer.text("role") == "admin")
        }
    }
}
