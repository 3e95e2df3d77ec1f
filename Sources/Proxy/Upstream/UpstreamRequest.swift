import NIOCore

/// One HTTP request to a backend, complete before it is sent.
struct UpstreamRequest: Sendable {
    var method: String
    /// Absolute `http` or `https` URL.
    var url: String
    /// Sent as given, except `content-length`, `transfer-encoding` and `expect`, which belong to the client.
    var headers: [(String, String)]
    var body: ByteBuffer
    var timeouts: UpstreamTimeouts
}
