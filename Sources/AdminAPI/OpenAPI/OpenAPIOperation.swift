import HTTPTypes
import Tenancy

/// One call in the document.
struct OpenAPIOperation {
    let route: AdminRoute
    let shape: RouteShape
    let links: OpenAPILinks

    var json: JSONValue {
        var members: [JSONMember] = [
            JSONMember("operationId", .string(Self.id(of: route))),
            JSONMember("tags", .texts([Self.words(route).first ?? ""])),
            JSONMember("summary", .string(shape.summary)),
            JSONMember("description", .string(roles)),
        ]
        let parameters = parameters
        if !parameters.isEmpty { members.append(JSONMember("parameters", .array(parameters))) }
        if route.access.isOpen { members.append(JSONMember("security", [])) }
        if let body = shape.body {
            let recorder = FieldRecorder()
            body(JSONObject(recorder: recorder))
            members.append(
                JSONMember(
                    "requestBody",
                    [
                        "required": .bool(!shape.isBodyOptional),
                        "content": ["application/json": exampled(["schema": recorder.schema])],
                    ]))
        }
        if !shape.accepts.isEmpty {
            let content = JSONValue.object(
                shape.accepts.map { type in
                    JSONMember(type, type == BodyExamples.fileType(Self.id(of: route)) ? exampled([:]) : [:])
                })
            members.append(JSONMember("requestBody", ["required": true, "content": content]))
        }
        members.append(JSONMember("responses", .object(successes + refusals.map(\.reference))))
        return .object(members)
    }

    /// A media type of the body with the example of this call, if there is one.
    private func exampled(_ content: JSONValue) -> JSONValue {
        BodyExamples.all[Self.id(of: route)].map { content.adding("example", $0) } ?? content
    }

    /// The fixed and named parts of the path, without what all begin with.
    private static func words(_ route: AdminRoute) -> [String] {
        let words = route.path.text.split { !$0.isLetter && !$0.isNumber && $0 != "-" && $0 != "_" }.map(String.init)
        return words.starts(with: ["admin", "v1"]) ? Array(words.dropFirst(2)) : words
    }

    /// The name of a call, as generated clients have it.
    static func id(of route: AdminRoute) -> String {
        ([route.method.rawValue.lowercased()] + words(route)).joined(separator: "_").replacing("-", with: "_")
    }

    private var roles: String {
        if route.access.isOpen { return "Needs no credential." }
        let roles = AdminRole.allCases.compactMap { role -> String? in
            switch route.access.grant(role) {
            case .none: nil
            case .own: "\(role.rawValue) (its own only)"
            case .all: role.rawValue
            }
        }
        return "Roles: " + roles.joined(separator: ", ") + "."
    }

    // MARK: What it takes

    private var parameters: [JSONValue] {
        var parameters = route.path.names.map {
            parameter($0, in: "path", ["type": "string", "minLength": .integer(1)], required: true)
        }
        var query = Query()
        shape.query(&query)
        parameters += query.parameters.map { parameter($0.name, in: "query", $0.schema, required: $0.isRequired) }
        switch route.method {
        case .post:
            let key: JSONValue = [
                "type": "string", "minLength": .integer(1), "maxLength": .integer(255), "pattern": "^[ -~]+$",
            ]
            parameters.append(parameter("Idempotency-Key", in: "header", key))
        case .put, .patch, .delete: parameters.append(parameter("If-Match", in: "header", ["type": "string"]))
        case .get where shape.statuses.contains(304):
            parameters.append(parameter("If-None-Match", in: "header", ["type": "string"]))
        default: break
        }
        return parameters
    }

    private func parameter(_ name: String, in place: String, _ schema: JSONValue, required: Bool = false) -> JSONValue {
        [
            "name": .string(name), "in": .string(place), "required": .bool(required),
            "description": .text(ParameterWords.all[name]), "schema": schema,
        ]
    }

    // MARK: What it gives

    private var successes: [JSONMember] {
        let content: JSONValue
        var links: [JSONMember] = []
        switch shape.answer {
        case .nothing: return shape.statuses.map { JSONMember(String($0), ["description": "Done."]) }
        case .file(let types):
            content = .object(types.map { JSONMember($0, [:]) })
        case .one(let sample):
            let schema: JSONValue = ["schema": reference(sample)]
            let isDocument = sample.json == [:]
            content = [
                "application/json": isDocument ? schema : schema.adding("example", AnswerExamples.of(sample))
            ]
            links = self.links.json(of: route, answering: sample)
        case .list(let sample, let beside):
            let page: JSONValue = .object(
                [
                    JSONMember(
                        "data",
                        ["type": "array", "items": reference(sample), "description": "The page, in the list's order."]),
                    JSONMember("has_more", SampleSchema.of(true, named: "has_more")),
                    JSONMember("next", SampleSchema.of(.null, named: "next")),
                ] + beside.map { JSONMember($0.name, SampleSchema.of($0.value, named: $0.name)) })
            let required = ["data", "has_more", "next"] + beside.map(\.name)
            content = [
                "application/json": [
                    "schema": ["type": "object", "properties": page, "required": .texts(required)],
                    "example": AnswerExamples.page(of: sample, beside: beside),
                ]
            ]
        }
        return shape.statuses.map { status in
            if status == 304 { return JSONMember("304", ["description": "The client has it."]) }
            let text = status == 201 ? "It is made." : status == 503 ? "Not now." : "Done."
            let answer: JSONValue = ["description": .string(text), "content": content]
            return JSONMember(String(status), links.isEmpty ? answer : answer.adding("links", .object(links)))
        }
    }

    private func reference(_ sample: Sample) -> JSONValue {
        ["$ref": .string("#/components/schemas/\(sample.name)")]
    }

    private var refusals: [OpenAPIRefusal] {
        if route.access.isOpen { return [] }
        return OpenAPIRefusal.all.filter { refusal in
            switch refusal.status {
            case 404: !route.path.names.isEmpty
            case 409, 413: route.method != .get
            case 412: [.put, .patch, .delete].contains(route.method)
            default: true
            }
        }
    }
}
