import NIOCore
import NIOPosix
import Synchronization

@testable import Proxy

/// A `CurlMulti` on an event loop, with a clock that moves only by hand if wished.
struct UpstreamHarness: Sendable {
    final class HandClock: Sendable {
        private let nanoseconds = Atomic<Int64>(NIODeadline.now().uptimeNanoseconds.asInt64)

        var now: NIODeadline { .uptimeNanoseconds(UInt64(max(0, nanoseconds.load(ordering: .relaxed)))) }

        func advance(_ amount: TimeAmount) {
            nanoseconds.add(amount.nanoseconds, ordering: .relaxed)
        }
    }

    static let generous = UpstreamTimeouts(connectMS: 30_000, firstByteMS: 30_000, idleMS: 30_000, totalMS: 60_000)

    let eventLoop: any EventLoop
    let client: CurlMulti
    let clock = HandClock()

    init(policy: UpstreamPolicy = UpstreamPolicy()) throws {
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let clock = self.clock
        client = try CurlMulti(eventLoop: eventLoop, policy: policy, clock: { clock.now })
    }

    func stop() async throws {
        try await eventLoop.submit { client.shutdown() }.get()
    }

    func request(
        _ url: String, method: String = "POST", headers: [(String, String)] = [], body: ByteBuffer = ByteBuffer(),
        timeouts: UpstreamTimeouts = generous
    ) -> UpstreamRequest {
        UpstreamRequest(method: method, url: url, headers: headers, body: body, timeouts: timeouts)
    }

    /// Makes one call and waits for its end.
    func run(
        _ request: UpstreamRequest, onHead: (@Sendable (CallRecorder) -> Void)? = nil,
        onBody: (@Sendable (CallRecorder) -> Void)? = nil
    ) async throws -> CallRecorder.Outcome {
        try await eventLoop.flatSubmit {
            let recorder = CallRecorder(on: eventLoop)
            recorder.onHead = onHead
            recorder.onBody = onBody
            recorder.call = client.send(request, delegate: recorder)
            return recorder.ended.futureResult
        }.get()
    }
}

extension UInt64 {
    fileprivate var asInt64: Int64 { Int64(clamping: self) }
}
