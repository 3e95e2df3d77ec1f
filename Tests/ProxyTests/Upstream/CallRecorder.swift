import NIOCore

@testable import Proxy

/// A delegate that keeps what it is told and completes a promise at the end.
final class CallRecorder: UpstreamDelegate {
    struct Outcome: Sendable {
        var head: UpstreamHead?
        var body = ByteBuffer()
        var largestPiece = 0
        var error: UpstreamError?
    }

    let ended: EventLoopPromise<Outcome>
    var call: (any UpstreamCall)?
    var onHead: ((CallRecorder) -> Void)?
    var onBody: ((CallRecorder) -> Void)?
    private(set) var outcome = Outcome()
    private(set) var endCount = 0

    init(on eventLoop: any EventLoop) {
        ended = eventLoop.makePromise()
    }

    func upstreamHead(_ head: UpstreamHead) {
        outcome.head = head
        onHead?(self)
    }

    func upstreamBody(_ bytes: ByteBuffer) {
        var bytes = bytes
        outcome.largestPiece = max(outcome.largestPiece, bytes.readableBytes)
        outcome.body.writeBuffer(&bytes)
        onBody?(self)
    }

    func upstreamEnd(_ error: UpstreamError?) {
        endCount += 1
        outcome.error = error
        call = nil
        ended.succeed(outcome)
    }
}
