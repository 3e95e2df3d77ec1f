import HTTPTypes

extension HTTPField.Name {
    /// Tollgate's own name of the request.
    static let requestID = named("x-request-id")
    /// Makes a repeated POST the same one.
    static let idempotencyKey = named("idempotency-key")
    /// Says that the answer was given before.
    static let idempotencyReplayed = named("idempotency-replayed")
    /// The addresses a request came through, as proxies tell it.
    static let forwardedFor = named("x-forwarded-for")
    /// Keeps browsers from guessing types.
    static let contentTypeOptions = named("x-content-type-options")

    /// The name is valid, so the other one is never used.
    private static func named(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .server
    }
}
