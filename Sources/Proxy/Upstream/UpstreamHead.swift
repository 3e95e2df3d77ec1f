/// Status and headers of a response; header names are lower-cased.
struct UpstreamHead: Sendable {
    var status: Int
    var headers: [(String, String)]

    /// The first value of the header with this lower-case name.
    func first(_ name: String) -> String? {
        for header in headers where header.0 == name {
            return header.1
        }
        return nil
    }
}
