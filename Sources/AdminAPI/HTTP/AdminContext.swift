import Hummingbird
import Tenancy

/// What a handler knows about the request besides the request itself.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The `x-request-id` of the answer.
    var requestID = ""
    /// Who asks; nobody with rights before the credential is proven.
    var caller = AdminCaller(actor: "", role: .viewer)
    /// How much of the resource the caller reaches.
    var grant = RouteAccess.Grant.none
    /// The parameters of the path as they stand in it.
    var pathParameters: [String: String] = [:]

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
