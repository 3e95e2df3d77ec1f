import Testing

@testable import Proxy

struct AttemptFaultTests {
    static let statuses: [(Int, AttemptFault.Kind?)] = [
        (200, nil), (400, nil), (404, nil), (405, nil), (409, nil), (422, nil), (428, nil), (499, nil),
        (429, .rateLimited), (401, .credentialRefused), (402, .credentialRefused), (403, .credentialRefused),
        (408, .failed), (500, .failed), (503, .failed), (599, .failed), (204, .failed), (201, .failed),
        (301, .failed), (307, .failed), (700, .failed),
    ]

    @Test(arguments: statuses)
    func `a status is a fault of the backend or none`(_ status: Int, _ kind: AttemptFault.Kind?) {
        #expect(AttemptFault.status(status, retryAfterSeconds: nil)?.kind == kind)
    }

    @Test(arguments: [(429, true), (503, true), (500, false), (301, false)] as [(Int, Bool)])
    func `only 429 and 503 may ask to be left alone`(_ status: Int, _ isHeard: Bool) {
        let fault = AttemptFault.status(status, retryAfterSeconds: 7)
        #expect((fault?.retryAfterSeconds == 7) == isHeard)
    }

    static let errors: [(UpstreamError.Stage, UpstreamFailureReason, AttemptFault.Kind, Bool)] = [
        (.notSent, .connect, .notSent, true), (.notSent, .tls, .notSent, true),
        (.notSent, .connectTimeout, .notSent, false), (.notSent, .writeFailed, .failed, false),
        (.unanswered, .reset, .hung, false), (.unanswered, .firstByteTimeout, .hung, false),
        (.broken, .idleTimeout, .hung, false), (.broken, .reset, .failed, false),
        (.broken, .malformed, .failed, false),
    ]

    @Test(arguments: errors)
    func `a broken call is judged by how far it got`(
        _ stage: UpstreamError.Stage, _ reason: UpstreamFailureReason, _ kind: AttemptFault.Kind, _ isExhaustion: Bool
    ) {
        let fault = AttemptFault(UpstreamError(stage: stage, reason: reason, detail: ""))
        #expect(fault.kind == kind)
        #expect(fault.isExhaustion == isExhaustion)
    }
}
