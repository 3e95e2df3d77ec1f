import NIOCore
import NIOHTTP1
import Tenancy

/// One request as it arrived: whole, within its limits, not yet judged; confined to its event loop.
final class IncomingRequest {
    let id: RequestID
    let route: Route
    /// Path and query as they came.
    let target: String
    /// How its refusals are written.
    let shape: ErrorShape
    let headers: HTTPHeaders
    /// The presented client key, if there is exactly one and it is well formed; not looked for where none is needed.
    let key: PresentedKey?
    /// When its head was complete, on the monotonic clock in nanoseconds.
    let startedAt: Int64
    var body = ByteBuffer()
    let memory: BodyReservation

    init(_ head: HTTPRequestHead, id: RequestID, route: Route, startedAt: Int64, memory: BodyReservation) {
        self.id = id
        self.route = route
        self.startedAt = startedAt
        self.memory = memory
        target = head.uri
        shape = ErrorShape(target: head.uri, headers: head.headers)
        headers = head.headers
        key = route.needsKey ? PresentedKey(in: head.headers) : nil
    }
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
