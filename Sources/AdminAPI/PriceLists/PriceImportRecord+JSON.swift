import Billing
import Tenancy

extension PriceImportRecord {
    var json: JSONValue {
        // What was asked is kept as the members that say so.
        let wish = (try? JSONParser.parse(Array(made.wish.utf8))) ?? .null
        return [
            "id": .string(made.id.text),
            "format": .string(made.format),
            "sha256": .string(made.sha256),
            "kind": .string(made.kind.rawValue),
            "backend_id": wish.member("backend_id") ?? .null,
            "select": wish.member("select") ?? .null,
            "known_models": wish.member("known_models") ?? .bool(false),
            "effective_from": .string(made.effectiveFrom.rfc3339),
            "planned": .integer(made.planned),
            "published": .integer(published),
            "complete": .bool(isComplete),
            "created_at": .string(made.createdAt.rfc3339),
            "created_by": .string(made.createdBy),
        ]
    }
}
