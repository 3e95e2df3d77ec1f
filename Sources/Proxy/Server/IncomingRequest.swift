import NIOCore
import NIOHTTP1
import Tenancy

/// One request as it arrived: whole, within its limits, not yet judged.
struct IncomingRequest {
    let id: RequestID
    let route: Route
    /// Path and query as they came.
    let target: String
    /// How its refusals are written.
    let shape: ErrorShape
    let headers: HTTPHeaders
    /// The presented client key, if there is exactly one.
    let key: String?
    /// When its head was complete, on the monotonic clock in nanoseconds.
    let startedAt: Int64
    var body: ByteBuffer
    let memory: BodyReservation
}

extension IncomingRequest {
    /// The client's own `x-request-id`, for logs only: at most 128 printable bytes, else empty.
    var clientRequestID: String {
        guard let id = headers.first(name: "x-request-id"), id.utf8.count <= 128,
            id.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
        else { return "" }
        return id
    }
}
