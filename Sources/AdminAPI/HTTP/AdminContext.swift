import Hummingbird

/// What a handler knows about the request besides the request itself.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The `x-request-id` of the answer.
    var requestID = ""
    /// Who asks, for the audit log; set once the credential is proven.
    var actor = ""

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
