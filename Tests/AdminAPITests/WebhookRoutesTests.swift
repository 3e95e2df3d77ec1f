import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct WebhookRoutesTests {
    @Test("a webhook shows its secret once, keeps it sealed, is listed, and is deleted")
    func life() async throws {
        try await AdminHarness.run { harness in
            let made = try await harness.client.call(
                "POST", "/webhooks",
                #"{"url":"https://hooks.example.test/a?token=x","events":["backend.up","budget.threshold"]}"#)
            #expect(made.status == 201)
            let secret = made.text("secret")
            #expect(secret.hasPrefix("whsec_"))
            #expect(Base64.decode(String(secret.dropFirst(6)))?.count == 32)
            #expect(made["events"] == .array(["budget.threshold", "backend.up"]))
            let path = "/webhooks/" + made.text("id")
            for answer in [
                try await harness.client.call("GET", path), try await harness.client.call("GET", "/webhooks"),
            ] {
                #expect(answer.status == 200)
                #expect(!answer.body.text.contains(secret.dropFirst(6)))
            }
            let sealed = try harness.plane.file.read { try WebhookStore.webhook($0, ID(made.text("id"))) }
            let audit = try harness.plane.file.auditEntries()
            let opened = try #require(try sealed?.openSecret(with: harness.plane.masterKey))
            #expect(WebhookSignature.text(opened) == secret)
            #expect(audit.last?.action == "webhook.create")
            #expect(audit.last?.after?.contains("whsec_") == false)
            let log = try await harness.client.call("GET", path + "/deliveries")
            #expect([log.status == 200, log["data"] == .array([])] == [true, true])
            #expect(try await harness.client.call("DELETE", path).status == 204)
            #expect(try await harness.client.call("GET", path).status == 404)
            #expect(try await harness.client.call("GET", path + "/deliveries").status == 404)
            #expect(try await harness.client.call("POST", path + "/test").status == 404)
        }
    }

    @Test(
        "what a webhook cannot be is refused",
        arguments: [
            (#""url":"ftp://a.test/""#, "/url"), (#""url":"https://u:p@a.test/""#, "/url"),
            (#""url":"https://a.test/#x""#, "/url"), (#""url":"/x""#, "/url"), (#""url":"""#, "/url"),
            (#""url":"https://a.test/?a b""#, "/url"), (#""events":["backend.up"]"#, "/url"),
            (#""url":"https://a.test/","events":[]"#, "/events"),
            (#""url":"https://a.test/","events":["backend.sideways"]"#, "/events"),
            (#""url":"https://a.test/","secret":"whsec_x""#, "/secret"),
        ])
    func refused(fields: String, pointer: String) async throws {
        try await AdminHarness.run { harness in
            let answer = try await harness.client.call("POST", "/webhooks", "{\(fields)}")
            #expect(answer.status == 400)
            #expect(answer.pointers == [pointer])
            #expect(try await harness.client.call("GET", "/webhooks").names("id") == [])
        }
    }

    @Test("a test call says what came of it, and a forbidden address is never connected to")
    func test() async throws {
        try await AdminHarness.run { harness in
            for (url, reason) in [
                ("http://169.254.169.254/latest", "forbidden_address"), ("http://127.0.0.1:1/", "connect"),
            ] {
                let made = try await harness.client.call("POST", "/webhooks", "{\"url\":\"\(url)\"}")
                let path = "/webhooks/" + made.text("id")
                let answer = try await harness.client.call("POST", path + "/test")
                #expect(answer.status == 200)
                #expect([answer.text("state"), answer.text("event")] == ["failed", "webhook.test"])
                #expect(answer["status"] == .null)
                #expect(answer.text("error").contains(reason), "\(answer.text("error"))")
                let log = try await harness.client.call("GET", path + "/deliveries?state=failed")
                #expect(log.names("id") == [answer.text("id")])
            }
        }
    }

    @Test("there are at most fifty webhooks")
    func bound() async throws {
        try await AdminHarness.run { harness in
            for _ in 0..<Webhook.countAtMost {
                let made = try await harness.client.call("POST", "/webhooks", #"{"url":"https://a.test/"}"#)
                #expect(made.status == 201)
            }
            let full = try await harness.client.call("POST", "/webhooks", #"{"url":"https://a.test/"}"#)
            #expect([full.status == 409, full.text("code") == "too_many_webhooks"] == [true, true])
            #expect(try await harness.client.call("GET", "/webhooks").names("id").count == Webhook.countAtMost)
        }
    }
}
