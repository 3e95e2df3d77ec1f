/// Why a request body is refused; always the client's fault (400).
struct AskError: Error, Equatable, Sendable {
    /// The stable `code` of the error answer.
    let code: String
    /// The path of the member at fault, such as `messages[2].content`; nil for the body as a whole.
    let param: String?
    /// One sentence for the client.
    let message: String

    static func invalidJSON(_ fault: JSONFault) -> AskError {
        let message = "The body is not valid JSON: \(fault.kind.rawValue) at byte \(fault.offset)."
        return AskError(code: "invalid_json", param: nil, message: message)
    }

    static func malformedForm(_ reason: String) -> AskError {
        AskError(code: "invalid_form", param: nil, message: "The body is not a valid multipart form: \(reason).")
    }

    static func duplicateKey(_ param: String, at offset: Int) -> AskError {
        let message = "The member '\(param)' appears more than once, again at byte \(offset)."
        return AskError(code: "duplicate_key", param: param, message: message)
    }

    static func wrongType(_ param: String?, expected: String) -> AskError {
        let subject = param.map { "'\($0)'" } ?? "The body"
        return AskError(code: "wrong_type", param: param, message: "\(subject) must be \(expected).")
    }

    static func missing(_ param: String) -> AskError {
        let message = "Missing required parameter: '\(param)'."
        return AskError(code: "missing_required_parameter", param: param, message: message)
    }

    static func unsupported(_ param: String, because reason: String = "is not allowed here") -> AskError {
        AskError(code: "unsupported_parameter", param: param, message: "'\(param)' \(reason).")
    }

    static func invalidValue(_ param: String, expected: String) -> AskError {
        AskError(code: "invalid_value", param: param, message: "'\(param)' must be \(expected).")
    }
}
