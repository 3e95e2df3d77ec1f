import Tenancy
import Testing

@testable import AdminAPI

@Suite struct WebhookSignatureTests {
    @Test("the signature is the one the specification's own example has")
    func example() throws {
        let secret = try #require(Base64.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let headers = try #require(
            WebhookSignature.headers(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Timestamp(microseconds: 1_614_265_330_999_999),
                body: #"{"test": 2432232314}"#, secret: secret))
        #expect(headers.map(\.0) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(
            headers.map(\.1) == [
                "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ])
        #expect(WebhookSignature.text(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    }

    @Test("an empty secret signs nothing")
    func empty() {
        #expect(
            WebhookSignature.headers(id: "msg_1", at: Timestamp(microseconds: 0), body: "{}", secret: []) == nil)
    }
}
