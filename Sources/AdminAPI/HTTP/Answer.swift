import HTTPTypes
import Hummingbird

/// What a change answers, as a value, so that it can be kept and given again.
struct Answer: Sendable {
    let status: HTTPResponse.Status
    let body: JSONValue?
    /// A member of the body that is shown this once and never kept.
    var secret: JSONMember?

    static func ok(_ body: JSONValue) -> Answer { Answer(status: .ok, body: body) }

    static func created(_ body: JSONValue, revealing secret: JSONMember? = nil) -> Answer {
        Answer(status: .created, body: body, secret: secret)
    }

    static let noContent = Answer(status: .noContent, body: nil)

    /// As it is sent now.
    var response: Response {
        guard let body else { return .noContent }
        return .json(secret.map { body.adding($0.name, $0.value) } ?? body, status: status)
    }

    /// As it is kept: null in the secret's place.
    var kept: JSONValue? {
        secret.map { secret in body?.adding(secret.name, .null) } ?? body
    }
}
