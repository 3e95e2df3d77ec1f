import Hummingbird

/// `/openapi.json`: the whole table as a document.
struct OpenAPIRoutes: RouteGroup {
    let document: JSONValue

    var routes: [AdminRoute] {
        [get("openapi.json", .viewers, .one("This document", Sample("OpenAPI", [:])), use: show)]
    }

    private func show(_ request: Request, _ context: AdminContext) async throws -> Response {
        .json(document)
    }
}
