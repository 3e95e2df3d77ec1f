/// What the Admin API answered.
struct AdminAnswer: Sendable {
    let status: Int
    let body: [UInt8]
}
