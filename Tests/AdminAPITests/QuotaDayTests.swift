import Billing
import Tenancy
import Testing

@testable import AdminAPI

/// Quotas of a day that are set while the gateway runs.
@Suite struct QuotaDayTests {
    /// One call of five tokens, settled.
    private func serve(_ plane: ControlPlane, tenant: ID<Tenant>, key: ID<APIKey>) async throws {
        let (ledger, now) = (plane.ledger, plane.time.now())
        let payer = try #require(plane.directory.tenant(tenant)).tenant
        let claim = Ledger.Claim(
            requestID: RequestID.make(at: now), attempt: 1, tenant: payer, keyID: key, model: "m", pool: "p",
            wanted: Money(pico: 10), admittedAt: now)
        guard case .held(let reservation) = ledger.reserve(claim) else { throw LedgerError.unavailable("no hold") }
        let settlement = Settlement(
            reservation: reservation, backendID: "be_1", usage: TokenUsage(input: 3, output: 2), provenance: .reported,
            cost: Money(pico: 7), listCost: Money(pico: 7), outcome: .answered, status: 200, endedAt: now)
        await withCheckedContinuation { done in ledger.record(reservation) { _ in done.resume() } }
        await withCheckedContinuation { done in ledger.settle(settlement) { _ in done.resume() } }
    }

    /// What is left to one key, its tenant's ceilings first.
    private func left(_ plane: ControlPlane, tenant: ID<Tenant>, key: ID<APIKey>) throws -> [String] {
        let principal = Principal(
            tenant: try #require(plane.directory.tenant(tenant)), key: try #require(plane.directory.key(key)))
        return plane.quotaMeter.state(principal, at: plane.time.now()).map {
            "\($0.subject.rawValue) \($0.limitType.rawValue) \($0.remaining)"
        }
    }

    @Test("a tenant's or key's first quota of a day begins with what the day has used; another number leaves the count")
    func begins() async throws {
        try await AdminHarness.run { harness in
            let (client, plane) = (harness.client, harness.plane)
            let tenant = ID<Tenant>(try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id"))
            var keys: [ID<APIKey>] = []
            for name in ["k", "l"] {
                let made = try await client.call("POST", "/tenants/\(tenant.text)/keys", #"{"name":"\#(name)"}"#)
                keys.append(ID(made.text("id")))
            }
            for key in [keys[0], keys[0], keys[1]] { try await serve(plane, tenant: tenant, key: key) }
            let (ofTenant, ofKey) = ("/tenants/\(tenant.text)/quotas", "/keys/\(keys[0].text)/quotas")
            _ = try await client.call("PUT", ofTenant, #"{"rpd":10,"tpd":100}"#)
            _ = try await client.call("PUT", ofKey, #"{"rpd":4}"#)
            #expect(
                try left(plane, tenant: tenant, key: keys[0]) == ["tenant rpd 7", "tenant tpd 85", "key rpd 2"])
            _ = try await client.call("PUT", ofTenant, #"{"rpd":20}"#)
            #expect(try left(plane, tenant: tenant, key: keys[1]) == ["tenant rpd 17"])
            // What came while no quota bound is in the ledger.
            _ = try await client.call("PUT", ofTenant, "{}")
            try await serve(plane, tenant: tenant, key: keys[1])
            _ = try await client.call("PUT", ofTenant, #"{"rpd":20}"#)
            #expect(try left(plane, tenant: tenant, key: keys[1]) == ["tenant rpd 16"])
        }
    }
}
