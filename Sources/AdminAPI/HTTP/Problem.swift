import HTTPTypes
import Hummingbird
import Tenancy

/// A refusal as RFC 9457 wants it; the one error handlers throw on purpose.
struct Problem: Error, Sendable, Equatable {
    let status: HTTPResponse.Status
    /// What programs look at.
    let code: String
    /// What people read.
    let detail: String
    var errors: [FieldError] = []
    /// The methods the path knows, if the one used is not among them.
    var allowed: [HTTPRequest.Method] = []

    /// The body is not what the resource takes.
    static func invalid(_ errors: [FieldError], code: String = "invalid_request") -> Problem {
        let first = errors.first.map { "\($0.pointer.isEmpty ? "the body" : $0.pointer) \($0.detail)" }
        return Problem(
            status: .badRequest, code: code, detail: first ?? "the request is not valid", errors: errors)
    }

    /// One field is not what the resource takes.
    static func invalid(_ pointer: String, _ detail: String, code: String = "invalid_request") -> Problem {
        invalid([FieldError(pointer: pointer, detail: detail)], code: code)
    }

    /// There is no such thing.
    static func notFound(_ what: String) -> Problem {
        Problem(status: .notFound, code: "not_found", detail: "no such \(what)")
    }

    /// The state of something else forbids it.
    static func conflict(_ code: String, _ detail: String) -> Problem {
        Problem(status: .conflict, code: code, detail: detail)
    }

    /// No credential, or not the right one; both say the same.
    static let unauthenticated = Problem(
        status: .unauthorized, code: "unauthenticated", detail: "a valid admin credential is required")

    /// `If-Match` names another state than the present one.
    static let preconditionFailed = Problem(
        status: .preconditionFailed, code: "precondition_failed",
        detail: "the resource has changed since; read it again for its ETag")

    /// Too many failed or unproven logins wait already.
    static let tooManyLogins = Problem(
        status: .tooManyRequests, code: "too_many_logins", detail: "too many logins are being checked; try again")

    /// The path is known, but not under this method.
    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
        Problem(
            status: .methodNotAllowed, code: "method_not_allowed", detail: "the path does not take this method",
            allowed: allowed.contains(.get) ? allowed + [.head] : allowed)
    }

    /// The credential is good, but its role does not reach this.
    static func roleNotAllowed(_ role: AdminRole) -> Problem {
        Problem(
            status: .forbidden, code: "role_not_allowed", detail: "the role \(role.rawValue) may not do this")
    }

    /// We failed; the log knows why.
    static let internalError = Problem(
        status: .internalServerError, code: "internal_error", detail: "the request failed; the log names the cause")

    /// The answer's body.
    func json(requestID: String) -> JSONValue {
        var members: [JSONMember] = [
            JSONMember("type", "about:blank"),
            JSONMember("title", .string(status.reasonPhrase)),
            JSONMember("status", .integer(status.code)),
            JSONMember("code", .string(code)),
            JSONMember("detail", .string(detail)),
        ]
        if !errors.isEmpty {
            let list = errors.map {
                JSONValue.object([
                    JSONMember("pointer", .string($0.pointer)), JSONMember("detail", .string($0.detail)),
                ])
            }
            members.append(JSONMember("errors", .array(list)))
        }
        members.append(JSONMember("request_id", .string(requestID)))
        return .object(members)
    }
}

extension Problem {
    /// The body names something that does not exist.
    static func unknown(_ kind: String, _ name: String, at pointer: String) -> Problem {
        invalid(pointer, "names the unknown \(kind) \"\(name)\"", code: "unknown_\(kind)")
    }
}
