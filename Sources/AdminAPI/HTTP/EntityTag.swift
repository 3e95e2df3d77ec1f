import HTTPTypes
import Hummingbird
import Tenancy

/// The name of one state of a resource: the same JSON has the same tag, another JSON another one.
enum EntityTag {
    static func of(_ json: [UInt8]) -> String {
        "\"" + SecretBytes.hex(Array(SecretBytes.sha256(json).prefix(16))) + "\""
    }

    /// The tags of `If-Match`, `*` included; nil without the header. What is no strong tag matches nothing.
    static func wanted(_ headers: HTTPFields) -> [Substring]? {
        let values = headers[values: .ifMatch]
        // No tag of ours holds a comma.
        return values.isEmpty ? nil : values.listMembers
    }

    /// Whether `If-None-Match` says that the client has it; a tag that was made weak on its way is still its own.
    static func isKnown(_ tag: String, to headers: HTTPFields) -> Bool {
        headers[values: .ifNoneMatch].listMembers.contains { known in
            known == "*" || (known.hasPrefix("W/") ? known.dropFirst(2) : known) == tag
        }
    }
}

extension AdminContext {
    /// Throws 412 if the request named the states it may change and this is none of them; nil is a resource that is not
    /// there yet. Call it in the change's turn.
    func requireMatch(_ current: JSONValue?) throws(Problem) {
        guard let ifMatch else { return }
        if let current, ifMatch == ["*"] || ifMatch.contains(EntityTag.of(current.bytes)[...]) { return }
        throw Problem.preconditionFailed
    }
}
