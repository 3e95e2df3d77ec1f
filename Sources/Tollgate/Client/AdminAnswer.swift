/// What the Admin API answered.
struct AdminAnswer: Sendable {
    let status: Int
    let body: [UInt8]
    /// The tag of what was read, to be sent as If-Match with what replaces it.
    var etag: String?
}
