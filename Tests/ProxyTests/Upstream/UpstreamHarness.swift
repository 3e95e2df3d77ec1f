import NIOCore
import NIOPosix
import Synchronization

@testable import Proxy

/// An upstream client on an event loop, with a clock that moves only by hand if wished.
struct UpstreamHarness: Sendable {
    /// Who makes the calls to `http` URLs; `https` is libcurl's in both.
    enum Kind: CaseIterable {
        /// As the gateway has it: cleartext on the loop's own sockets.
        case loop
        case curl
    }

    final class HandClock: Sendable {
        private let nanoseconds = Atomic<Int64>(NIODeadline.now().uptimeNanoseconds.asInt64)

        var now: NIODeadline { .uptimeNanoseconds(UInt64(max(0, nanoseconds.load(ordering: .relaxed)))) }

        func advance(_ amount: TimeAmount) {
            nanoseconds.add(amount.nanoseconds, ordering: .relaxed)
        }
    }

    static let generous = UpstreamTimeouts(connectMS: 30_000, firstByteMS: 30_000, idleMS: 30_000, totalMS: 60_000)

    let eventLoop: any EventLoop
    let client: any UpstreamClient & Sendable
    let clock = HandClock()

    init(_ kind: Kind = .loop, policy: UpstreamPolicy = UpstreamPolicy()) throws {
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let clock = self.clock
        let authorities = CurlAuthorities(file: policy.caFile, clock: { clock.now })
        client =
            switch kind {
            case .loop:
                try LoopClient(eventLoop: eventLoop, policy: policy, authorities: authorities, clock: { clock.now })
            case .curl:
                try CurlMulti(eventLoop: eventLoop, policy: policy, authorities: authorities, clock: { clock.now })
            }
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

/// For tests that hold whoever makes the call.
let bothClients = UpstreamHarness.Kind.allCases

extension UInt64 {
    fileprivate var asInt64: Int64 { Int64(clamping: self) }
}
