import HTTPTypes
import Hummingbird

/// Proves who makes a request.
struct AdminGate: Sendable {
    let bootstrap: AdminCredential

    /// Whose credential the request carries; throws `Problem.unauthenticated`.
    func caller(of request: Request) async throws -> AdminCaller {
        guard let presented = Self.bearer(request.headers), bootstrap.matches(presented) else {
            throw Problem.unauthenticated
        }
        return .bootstrap
    }

    private static func bearer(_ headers: HTTPFields) -> Substring? {
        let values = headers[values: .authorization]
        guard values.count == 1, let value = values.first, value.prefix(7).lowercased() == "bearer " else { return nil }
        return value.dropFirst(7)
    }
}
