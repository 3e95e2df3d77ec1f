import HTTPTypes
import Hummingbird

/// One call of the Admin API: what it is, who may make it, and what answers it.
struct AdminRoute: Sendable {
    typealias Handler = @Sendable (Request, AdminContext) async throws -> Response

    let method: HTTPRequest.Method
    let path: RoutePath
    let access: RouteAccess
    /// What it takes and gives, for the OpenAPI document; nil outside `/admin/v1`.
    var shape: RouteShape?
    /// Whether the handler alone reads the query and judges all of it; else nothing passes that is not in the shape.
    var readsQuery = false
    let handler: Handler
    /// Bytes its body may have.
    var bodyLimit = AdminRoute.usualBodyLimit

    static let usualBodyLimit = 1 << 20
    /// For files of others: price lists and bills.
    static let fileBodyLimit = 16 << 20
}
