import NIOCore
import NIOHTTP1
import Tenancy

/// One request as it arrived: whole, within its limits, not yet judged.
struct IncomingRequest {
    let id: RequestID
    let route: Route
    let headers: HTTPHeaders
    /// The presented client key, if there is exactly one.
    let key: String?
    /// When its head was complete, on the monotonic clock in nanoseconds.
    let startedAt: Int64
    var body: ByteBuffer
    /// Bytes counted against `body_memory`.
    var reservedBytes = 0
}
