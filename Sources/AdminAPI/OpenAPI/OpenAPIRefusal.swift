/// A way in which calls are refused, as the document names it.
struct OpenAPIRefusal: Sendable {
    let status: Int
    let name: String
    let text: String

    static let all = [
        OpenAPIRefusal(
            status: 400, name: "Invalid",
            text: "The body, a parameter or a header is not what the call takes; `errors` names each."),
        OpenAPIRefusal(status: 401, name: "Unauthenticated", text: "No credential, or not a valid one."),
        OpenAPIRefusal(status: 403, name: "RoleNotAllowed", text: "The role of the credential may not do this."),
        OpenAPIRefusal(status: 404, name: "NotFound", text: "There is no such thing."),
        OpenAPIRefusal(
            status: 409, name: "Conflict",
            text: "The state of this or another resource forbids it; `code` says which."),
        OpenAPIRefusal(
            status: 412, name: "PreconditionFailed", text: "`If-Match` names another state than the present one."),
        OpenAPIRefusal(status: 413, name: "TooLarge", text: "The body is larger than the call takes."),
        OpenAPIRefusal(
            status: 429, name: "TooManyLogins",
            text: "Too many failed logins wait already; `Retry-After` says how long."),
        OpenAPIRefusal(status: 500, name: "InternalError", text: "The gateway failed; its log has the `request_id`."),
        OpenAPIRefusal(
            status: 503, name: "Unavailable",
            text: "The database cannot be written, or the gateway is too busy; `Retry-After` says how long."),
    ]

    /// The body of each, as RFC 9457 has it.
    static var problem: JSONValue {
        let fixed: [JSONMember] = [
            JSONMember("type", "about:blank"), JSONMember("title", ""), JSONMember("status", .integer(400)),
            JSONMember("code", ""), JSONMember("detail", ""), JSONMember("request_id", ""),
        ]
        let errors: JSONMember = JSONMember("errors", [["pointer": "", "detail": ""]])
        let properties = (fixed + [errors]).map { JSONMember($0.name, SampleSchema.of($0.value, named: $0.name)) }
        return [
            "type": "object", "properties": .object(properties), "required": .texts(fixed.map(\.name)),
        ]
    }

    var json: JSONValue {
        [
            "description": .string(text),
            "content": ["application/problem+json": ["schema": ["$ref": "#/components/schemas/Problem"]]],
        ]
    }

    var reference: JSONMember {
        JSONMember(String(status), ["$ref": .string("#/components/responses/\(name)")])
    }
}
