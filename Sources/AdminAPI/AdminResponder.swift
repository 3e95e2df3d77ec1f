import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Tenancy

/// Answers every admin request: names it, proves who asks, finds the route, judges the role, and turns every error into
/// problem+json. Nothing is said about a path before the credential is proven.
struct AdminResponder: HTTPResponder {
    let table: RouteTable
    let gate: AdminGate
    let idempotency: Idempotency
    let denials: DenialLog
    let trustedProxies: [AddressRange]
    let time: any TimeSource
    let logger: Logger

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        var context = context
        context.requestID = RequestID.make(at: time.now()).text
        var response: Response
        do {
            response = try await answer(request, context)
        } catch {
            response = answer(to: error, request, context)
        }
        response.headers[.requestID] = context.requestID
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
        response.headers[.contentTypeOptions] = "nosniff"
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(_ request: Request, _ context: AdminContext) async throws -> Response {
        let match = table.match(request.method == .head ? .get : request.method, request.uri.path)
        var context = context
        if case .found(let route, let parameters) = match, route.access.isOpen {
            context.pathParameters = parameters
            return try await route.handler(request, context)
        }
        context.caller = try await gate.caller(request.headers, from: address(request, context), pause: context.pause)
        switch match {
        case .unknown: throw Problem.notFound("route")
        case .otherMethods(let methods): throw Problem.methodNotAllowed(methods)
        case .found(let route, let parameters):
            context.grant = route.access.grant(context.caller.role)
            guard context.grant != .none else {
                await denials.note(route, context)
                throw Problem.roleNotAllowed(context.caller.role)
            }
            context.pathParameters = parameters
            return try await call(route, try await whole(request, of: route, context), context)
        }
    }

    /// The request with its body, however long that took: who was put out meanwhile is refused before anything is
    /// done.
    private func whole(_ request: Request, of route: AdminRoute, _ context: AdminContext) async throws -> Request {
        var request = request
        request.body = RequestBody(buffer: ByteBuffer(bytes: try await request.bodyBytes(limit: route.bodyLimit)))
        try gate.requireStanding(context.caller)
        return request
    }

    private func call(_ route: AdminRoute, _ request: Request, _ context: AdminContext) async throws -> Response {
        if !route.readsQuery { try judgeQuery(of: route, request) }
        switch route.method {
        case .post:
            var response = try await idempotency.run(
                request, context, bodyLimit: route.bodyLimit, handler: route.handler)
            // What a POST answers is not what the path shows.
            response.headers[.eTag] = nil
            return response
        case .put, .patch, .delete:
            var context = context
            context.ifMatch = EntityTag.wanted(request.headers)
            return try await route.handler(request, context)
        default: return try await route.handler(request, context)
        }
    }

    /// Refuses what the route does not take, so that `?dry_run=true` never goes unseen where it means nothing.
    private func judgeQuery(of route: AdminRoute, _ request: Request) throws(Problem) {
        var query = Query(request)
        route.shape?.query(&query)
        try query.finish()
    }

    private func address(_ request: Request, _ context: AdminContext) -> String {
        trustedProxies.client(behind: context.peer, forwarded: request.headers[values: .forwardedFor]) ?? ""
    }

    private func answer(to error: any Error, _ request: Request, _ context: AdminContext) -> Response {
        let problem = ProblemTranslation.problem(for: error)
        if problem == .internalError {
            logger.error(
                "an admin request failed",
                metadata: [
                    "request_id": "\(context.requestID)", "method": "\(request.method)",
                    "path": "\(request.uri.path)", "error": "\(error)",
                ])
        }
        let (body, type) = problem.body(at: request.uri.path, requestID: context.requestID)
        var response = Response.json(body, status: problem.status, type: type)
        if Problem.speaksOpenAI(request.uri.path), problem.isFinal { response.headers[.shouldRetry] = "false" }
        if problem.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if [.serviceUnavailable, .tooManyRequests].contains(problem.status) { response.headers[.retryAfter] = "1" }
        if !problem.allowed.isEmpty {
            response.headers[.allow] = problem.allowed.map(\.rawValue).sorted().joined(separator: ", ")
        }
        return response
    }
}
