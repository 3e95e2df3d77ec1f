import Billing
import Proxy
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct MasterKeyRoutesTests {
    private struct Interruption: Error {}

    private func key() throws -> MasterKey { try MasterKey(base64: MasterKey.generate()) }

    private func wrapped(_ next: MasterKey, by key: MasterKey) throws -> String {
        #"{"wrapped_key":"\#(Base64.encode(try key.wrap(next)))"}"#
    }

    private func proof(_ key: MasterKey) throws -> String {
        #"{"proof":"\#(try MasterKeyRotation.proof(key))"}"#
    }

    /// A backend with a credential and a webhook.
    private func furnish(_ harness: AdminHarness) async throws {
        _ = try await harness.client.call("POST", "/pools", #"{"name":"p"}"#)
        for (name, key) in [("a", #","api_key":"sk-a""#), ("b", "")] {
            let body = #"{"name":"\#(name)","kind":"openai","base_url":"http://127.0.0.1:9/v1"\#(key)}"#
            _ = try await harness.client.call("POST", "/pools/p/backends", body)
        }
        _ = try await harness.client.call("POST", "/webhooks", #"{"url":"http://127.0.0.1:9/"}"#)
    }

    private func sealed(_ harness: AdminHarness) throws -> (backend: BackendDefinition?, webhook: Webhook?) {
        try harness.plane.file.read { db in
            let backends = try RoutingStore.snapshot(db).backends
            return (backends.first { $0.sealedKey != nil }, try WebhookStore.webhooks(db).first)
        }
    }

    private func state(_ harness: AdminHarness) throws -> MasterKeyState {
        try harness.plane.file.read { try MasterKeyStore.state($0) }
    }

    @Test("everything is sealed under the new key, both open it until the end, and then only the new one")
    func rotation() async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let (client, former, next) = (harness.client, harness.plane.masterKey, try key())
            let answer = try await client.call("POST", "/master-key/rotate", try wrapped(next, by: former))
            #expect(answer.status == 200)
            #expect(answer["key_version"] == .number("2"))
            #expect(answer["rotation"] == "unfinished")
            #expect([answer["backend_keys"], answer["webhook_secrets"]] == [.number("1"), .number("1")])
            let (backend, webhook) = try sealed(harness)
            let second = next.numbered(2)
            #expect(try backend?.openKey(with: second) == Array("sk-a".utf8))
            #expect(try webhook?.openSecret(with: second).count == WebhookSignature.secretLength)
            #expect(throws: MasterKeyError.openFailed) { try backend?.openKey(with: former) }
            for given in [former, next] { #expect(try state(harness).key(from: given)?.version == 2) }
            // What is sealed from now on is sealed under the new key.
            let made = #"{"name":"c","kind":"openai","base_url":"http://127.0.0.1:9/v1","api_key":"sk-c"}"#
            #expect(try await client.call("POST", "/pools/p/backends", made).status == 201)
            #expect(try await client.call("GET", "/master-key")["backend_keys"] == .number("2"))

            let foreign = try await client.call("POST", "/master-key/finish", try proof(former))
            #expect(foreign.text("code") == "master_key_mismatch")
            let finished = try await client.call("POST", "/master-key/finish", try proof(second))
            #expect(finished["rotation"] == "finished")
            #expect(try state(harness).key(from: former) == nil)
            #expect(try state(harness).key(from: next)?.version == 2)
            let actions = try await client.call("GET", "/audit-log").names("action")
            #expect(Set(actions).isSuperset(of: ["master_key.rotate", "master_key.finish"]))
        }
    }

    @Test("before its end a rotation can be taken back, and no other can begin")
    func rollback() async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let (client, former, next) = (harness.client, harness.plane.masterKey, try key())
            _ = try await client.call("POST", "/master-key/rotate", try wrapped(next, by: former))
            let other = try await client.call("POST", "/master-key/rotate", try wrapped(try key(), by: next))
            #expect([other.text("code"), "\(other.status)"] == ["rotation_unfinished", "409"])
            let again = try await client.call("POST", "/master-key/rotate", try wrapped(next, by: former))
            #expect([again["key_version"], again["rotation"]] == [.number("2"), "unfinished"])
            let back = try await client.call("POST", "/master-key/rotate", try wrapped(former, by: next))
            #expect([back["key_version"], back["rotation"]] == [.number("3"), "unfinished"])
            #expect(try sealed(harness).backend?.openKey(with: former.numbered(3)) == Array("sk-a".utf8))
            _ = try await client.call("POST", "/master-key/finish", try proof(former.numbered(3)))
            #expect(try state(harness).key(from: former)?.version == 3)
            #expect(try state(harness).key(from: next) == nil)
        }
    }

    @Test("who has not the present key rotates nothing")
    func foreign() async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let before = try sealed(harness)
            let unwrapped = try harness.plane.masterKey.seal(Array(repeating: 1, count: 32), context: "")
            let bodies = [
                try wrapped(try key(), by: try key()), #"{"wrapped_key":"AAAA"}"#,
                #"{"wrapped_key":"\#(Base64.encode(unwrapped))"}"#,
            ]
            for body in bodies {
                let answer = try await harness.client.call("POST", "/master-key/rotate", body)
                #expect([answer.text("code"), "\(answer.status)"] == ["master_key_mismatch", "409"])
            }
            let bad = try await harness.client.call("POST", "/master-key/rotate", #"{"wrapped_key":"!"}"#)
            #expect(bad.status == 400)
            let after = try sealed(harness)
            #expect(before.backend == after.backend && before.webhook == after.webhook)
            #expect(try state(harness).version == 1)
        }
    }

    @Test("a rotation that ends before its commit has changed nothing")
    func interrupted() async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let (before, former, next) = (try sealed(harness), harness.plane.masterKey, try key())
            await #expect(throws: (any Error).self) {
                try await harness.plane.journal.write { db in
                    _ = try MasterKeyRotation.begin(db, from: former, to: next)
                    #expect(try MasterKeyStore.state(db).version == 2)
                    throw Interruption()
                }
            }
            let after = try sealed(harness)
            #expect(before.backend == after.backend && before.webhook == after.webhook)
            #expect(try state(harness).key(from: former)?.version == 1)
            #expect(try state(harness).key(from: next) == nil)
        }
    }

    @Test("a secret that does not open is named, by every question, and nothing is rotated", arguments: [true, false])
    func sealedSecret(ofBackend: Bool) async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let client = harness.client
            var backend = try #require(try sealed(harness).backend)
            var webhook = try #require(try sealed(harness).webhook)
            let id = ofBackend ? backend.id.text : webhook.id.text
            backend.sealedKey = ofBackend ? [0] : backend.sealedKey
            webhook.keyVersion = ofBackend ? 1 : 9
            try await harness.plane.journal.write { [backend, webhook] db in
                try RoutingStore.update(db, backend)
                try WebhookStore.reseal(webhook, db)
            }
            let rotation = try wrapped(try key(), by: harness.plane.masterKey)
            let answers = [
                try await client.call("GET", "/master-key"),
                try await client.call("POST", "/master-key/rotate", rotation),
                try await client.call("POST", "/master-key/finish", try proof(harness.plane.masterKey)),
            ]
            for answer in answers {
                #expect([answer.text("code"), "\(answer.status)"] == ["secret_sealed", "409"])
                #expect(answer.text("detail").contains("\(ofBackend ? "backend" : "webhook") \(id) "))
            }
            #expect(try state(harness).version == 1)
            // Once it has another one, everything can be rotated.
            let path = ofBackend ? "/backends/\(id)" : "/webhooks/\(id)"
            if ofBackend {
                #expect(try await client.call("PATCH", path, #"{"api_key":"sk-new"}"#).status == 200)
            } else {
                #expect(try await client.call("DELETE", path).status == 204)
            }
            #expect(try await client.call("POST", "/master-key/rotate", rotation).status == 200)
        }
    }

    @Test("a repeated POST is known again after a rotation")
    func idempotency() async throws {
        try await AdminHarness.run { harness in
            let (client, former, next) = (harness.client, harness.plane.masterKey, try key())
            let first = try await client.call("POST", "/tenants", #"{"name":"a"}"#, headers: ["idempotency-key": "k"])
            _ = try await client.call("POST", "/master-key/rotate", try wrapped(next, by: former))
            _ = try await client.call("POST", "/master-key/finish", try proof(next.numbered(2)))
            let again = try await client.call("POST", "/tenants", #"{"name":"a"}"#, headers: ["idempotency-key": "k"])
            #expect(again.header("idempotency-replayed") == "true")
            #expect(again.text("id") == first.text("id"))
            let kept = try harness.plane.file.read { try MasterKeyStore.digestKey($0, next.numbered(2)) }
            #expect(kept == harness.plane.digestKey)
        }
    }

    @Test("a backend keeps its cooldown and its place when only the seal changes")
    func routing() async throws {
        try await AdminHarness.run { harness in
            try await furnish(harness)
            let former = harness.plane.masterKey
            let before = try #require(harness.plane.router.status().first?.backends.first { $0.name == "a" })
            _ = try await harness.client.call("POST", "/master-key/rotate", try wrapped(try key(), by: former))
            let after = try #require(harness.plane.router.status().first?.backends.first { $0.name == "a" })
            #expect("\(before)" == "\(after)")
        }
    }
}
