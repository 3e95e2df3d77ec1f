import HTTPTypes
import Tenancy

/// The OpenAPI 3.1 document of a route table: its calls, and nothing that is not in it.
enum OpenAPIDocument {
    /// Every route that has a shape, with what it takes and gives, and who may call it.
    static func of(_ routes: [AdminRoute], version: String) -> JSONValue {
        var paths: [JSONMember] = []
        let shown = routes.filter { $0.shape != nil }
        let links = OpenAPILinks(routes: shown)
        for path in Set(shown.map(\.path.text)).sorted() {
            let calls = shown.filter { $0.path.text == path }.sorted { $0.method.rawValue < $1.method.rawValue }
            let operations = calls.compactMap { route in
                route.shape.map { shape in
                    JSONMember(
                        route.method.rawValue.lowercased(),
                        OpenAPIOperation(route: route, shape: shape, links: links).json)
                }
            }
            paths.append(JSONMember(calls.first?.path.template ?? path, .object(operations)))
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Tollgate Admin API", "version": .string(version), "description": .string(introduction),
                "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
            ],
            "servers": [["url": "/", "description": "The address that `admin_listen` names."]],
            "security": [["admin_key": []]],
            "paths": .object(paths),
            "components": [
                "schemas": .object(schemas(shown)),
                "responses": .object(OpenAPIRefusal.all.map { JSONMember($0.name, $0.json) }),
                "securitySchemes": [
                    "admin_key": [
                        "type": "http", "scheme": "bearer", "bearerFormat": "tga_…",
                        "description": "An admin key, or the bootstrap credential while there is no admin key.",
                    ]
                ],
            ],
        ]
    }

    private static let introduction = """
        Money is a decimal string in US dollars with at most 12 fraction digits. Instants are RFC 3339, UTC in \
        answers. Spans are whole numbers with a unit: `500ms`, `10s`, `5m`, `1h`, `30d`. Unknown fields and \
        parameters are refused.

        A list is a page: `data`, `has_more`, and `next`, which goes into `after` for the next page.

        Send `Idempotency-Key` with a POST to repeat it safely, and the `ETag` of what was read as `If-Match` with \
        PUT, PATCH and DELETE. A body that fits its schema may still be refused by what a schema cannot say: a name \
        that is taken, an unknown pool, a text longer in bytes than in characters. `errors[]` names the field.
        """

    private static func schemas(_ routes: [AdminRoute]) -> [JSONMember] {
        var schemas: [String: JSONValue] = ["Problem": OpenAPIRefusal.problem]
        for route in routes {
            switch route.shape?.answer {
            case .one(let sample), .list(let sample, _): schemas[sample.name] = SampleSchema.of(sample.json)
            case .nothing, .file, nil: break
            }
        }
        return schemas.sorted { $0.key < $1.key }.map { JSONMember($0.key, $0.value) }
    }
}
