import HTTPTypes
import Hummingbird

/// Lets nobody pass without a credential, known path or not.
struct CredentialMiddleware: RouterMiddleware {
    /// What anybody may ask.
    private static let open: Set<String> = ["/healthz", "/readyz"]

    let credential: AdminCredential

    func handle(
        _ request: Request,
        context: AdminContext,
        next: (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        if Self.open.contains(request.uri.path) { return try await next(request, context) }
        guard let presented = bearer(request.headers), credential.matches(presented) else {
            throw Problem.unauthenticated
        }
        var context = context
        context.actor = "bootstrap"
        return try await next(request, context)
    }

    private func bearer(_ headers: HTTPFields) -> Substring? {
        let values = headers[values: .authorization]
        guard values.count == 1, let value = values.first, value.prefix(7).lowercased() == "bearer " else { return nil }
        return value.dropFirst(7)
    }
}
