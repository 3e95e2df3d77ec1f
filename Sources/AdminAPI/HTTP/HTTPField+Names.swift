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
    /// Keeps OpenAI's SDKs from repeating what is refused for good.
    static let shouldRetry = named("x-should-retry")
    /// Keeps browsers from guessing types.
    static let contentTypeOptions = named("x-content-type-options")

    /// Who may show the page in a frame.
    static let frameOptions = named("x-frame-options")
    /// What a page tells others of where it links from.
    static let referrerPolicy = named("referrer-policy")
    /// Keeps pages of other origins out of the page's window group.
    static let openerPolicy = named("cross-origin-opener-policy")
    /// Keeps pages of other origins from embedding the answer.
    static let resourcePolicy = named("cross-origin-resource-policy")
    /// Which of the browser's abilities a page may use.
    static let permissionsPolicy = named("permissions-policy")
    /// The last ledger entry that is in a download.
    static let ledgerSequence = named("x-tollgate-ledger-sequence")

    /// The name is valid, so the other one is never used.
    private static func named(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .server
    }
}
