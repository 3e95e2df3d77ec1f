import HTTPTypes
import Hummingbird
import Logging
import Tenancy

/// The outermost layer: names the request and turns every error into problem+json.
struct ProblemMiddleware: RouterMiddleware {
    let time: any TimeSource
    let logger: Logger

    func handle(
        _ request: Request,
        context: AdminContext,
        next: (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.requestID = RequestID.make(at: time.now()).text
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = answer(to: error, request, context)
        }
        response.headers[.requestID] = context.requestID
        response.headers[.cacheControl] = "no-store"
        response.headers[.contentTypeOptions] = "nosniff"
        return response
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
        var response = Response.json(
            problem.json(requestID: context.requestID), status: problem.status, type: "application/problem+json")
        if problem.status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        if problem.status == .serviceUnavailable { response.headers[.retryAfter] = "1" }
        return response
    }
}
