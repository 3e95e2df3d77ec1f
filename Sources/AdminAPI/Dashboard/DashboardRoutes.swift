import HTTPTypes
import Hummingbird
import NIOCore

/// `/` and `/dashboard/`: the dashboard's files, for anyone. They hold nothing that is not in the source; all that is
/// worth keeping comes from the Admin API, which asks for a credential.
struct DashboardRoutes: RouteGroup {
    let files: DashboardFiles

    var routes: [AdminRoute] {
        [
            AdminRoute(
                method: .get, path: RoutePath("/"), access: .anyone
            ) { request, _ in
                try answer("index.html", request)
            },
            AdminRoute(
                method: .get, path: RoutePath("/dashboard/{file...}"), access: .anyone
            ) { request, context in
                try answer(context.pathParameters["file"] ?? "", request)
            },
        ]
    }

    private func answer(_ path: String, _ request: Request) throws -> Response {
        guard let file = files[path] else {
            throw Problem.notFound(
                path == "index.html" ? "dashboard: its files were not found at start, see the log" : "file")
        }
        var headers: HTTPFields = [
            .contentType: file.type,
            .eTag: file.tag,
            // Asked for again each time, so that a page and its modules are of one version; 304 costs nothing.
            .cacheControl: "no-cache",
            .contentSecurityPolicy: files.contentPolicy,
            .referrerPolicy: "no-referrer",
            .frameOptions: "DENY",
            .openerPolicy: "same-origin",
            .resourcePolicy: "same-origin",
            .permissionsPolicy: "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ]
        if EntityTag.isKnown(file.tag, to: request.headers) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentLength] = String(file.bytes.count)
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
