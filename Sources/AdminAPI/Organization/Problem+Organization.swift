import HTTPTypes

extension Problem {
    /// Where OpenAI's shapes are spoken, errors included.
    static func speaksOpenAI(_ path: String) -> Bool { path.hasPrefix("/v1/") }

    /// The answer's body where `path` is, and its content type.
    func body(at path: String, requestID: String) -> (JSONValue, type: String) {
        Self.speaksOpenAI(path)
            ? (openAI, type: "application/json") : (json(requestID: requestID), type: "application/problem+json")
    }

    private var openAI: JSONValue {
        [
            "error": [
                "message": .string(detail),
                "type": .string(openAIType),
                "param": .text(errors.first.flatMap(\.parameter)),
                "code": .string(status == .unauthorized ? "invalid_api_key" : code),
            ]
        ]
    }

    /// Whether a client would only be refused again. The SDKs repeat every 409 and 429 unless they are told not to.
    var isFinal: Bool { status == .conflict && code != "idempotency_in_flight" }

    private var openAIType: String {
        switch status {
        case .forbidden: "permission_error"
        case .tooManyRequests: "requests"
        case .serviceUnavailable: "service_unavailable_error"
        case .internalServerError: "server_error"
        default: "invalid_request_error"
        }
    }
}

extension FieldError {
    /// The pointer as OpenAI writes it: `notification_channel.recipients`; nil for the body as a whole.
    fileprivate var parameter: String? {
        let path = pointer.drop { $0 == "/" || $0 == "?" }
        return path.isEmpty ? nil : path.split(separator: "/").joined(separator: ".")
    }
}
