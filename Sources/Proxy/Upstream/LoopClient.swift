import NIOCore

/// The upstream client of one event loop: cleartext HTTP goes over sockets of the loop itself, all else by libcurl.
// @unchecked Sendable: whoever carries it elsewhere may only bring it back to the loop, as with `CurlMulti`.
final class LoopClient: UpstreamClient, @unchecked Sendable {
    private let cleartext: CleartextClient
    private let curl: CurlMulti

    convenience init(eventLoop: any EventLoop, policy: UpstreamPolicy) throws {
        try self.init(
            eventLoop: eventLoop, policy: policy, authorities: .shared(file: policy.caFile), clock: { .now() })
    }

    /// - Parameter clock: monotonic time for all limits but that on connecting.
    init(
        eventLoop: any EventLoop, policy: UpstreamPolicy, authorities: CurlAuthorities,
        clock: @escaping @Sendable () -> NIODeadline
    ) throws {
        curl = try CurlMulti(eventLoop: eventLoop, policy: policy, authorities: authorities, clock: clock)
        cleartext = CleartextClient(eventLoop: eventLoop, egress: policy.egress, clock: clock)
    }

    func send(_ request: UpstreamRequest, delegate: any UpstreamDelegate) -> any UpstreamCall {
        if let target = cleartext.target(request.url) {
            return cleartext.send(request, to: target, delegate: delegate)
        }
        return curl.send(request, delegate: delegate)
    }

    /// Closes cleartext connections that have rested too long; libcurl does so at its next call.
    func closeRested() {
        cleartext.closeRested()
    }

    func shutdown() {
        cleartext.shutdown()
        curl.shutdown()
    }
}
