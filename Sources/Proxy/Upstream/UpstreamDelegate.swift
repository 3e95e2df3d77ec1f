import NIOCore

/// Receives one upstream call's response, always on the event loop and never from inside a client's parser,
/// so that it may cancel, pause or start calls freely.
protocol UpstreamDelegate: AnyObject {
    /// At most once, before any body.
    func upstreamHead(_ head: UpstreamHead)
    func upstreamBody(_ bytes: ByteBuffer)
    /// Exactly once and last, `nil` for a complete response; never after `UpstreamCall.cancel()`.
    func upstreamEnd(_ error: UpstreamError?)
}
