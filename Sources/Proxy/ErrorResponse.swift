import Billing
import NIOCore
import Tenancy

/// The one place where a denial becomes an HTTP answer, in the error shape of OpenAI or of Anthropic.
struct ErrorResponse {
    let shape: ErrorShape
    let status: Int
    let type: String
    let code: String
    let param: String?
    let message: String
    let budget: BudgetState?
    /// What the denial itself asks for; `headers(requestID:bodyBytes:)` has all of them.
    let extras: [(String, String)]

    /// The answer that says this denial to clients of this shape.
    init(_ denial: Denial, shape: ErrorShape) {
        let words = DenialWords(denial)
        (status, type) = shape.words(status: words.status, type: words.type, code: words.code)
        self.shape = shape
        code = words.code
        param = words.param
        message = words.message
        budget = words.budget
        extras = words.headers
    }

    /// The body: `{"error":{message,type,param,code,…,request_id}}`, or Anthropic's
    /// `{"type":"error","error":{type,message,…},"request_id"}`.
    func body(requestID: RequestID) -> ByteBuffer {
        var json = JSONWriter()
        json.object { json in
            switch shape {
            case .openAI:
                json.key("error")
                json.object { json in
                    json.key("message")
                    json.string(message)
                    json.key("type")
                    json.string(type)
                    writeDetails(to: &json)
                    json.key("request_id")
                    json.string(requestID.text)
                }
            case .anthropic:
                json.key("type")
                json.string("error")
                json.key("error")
                json.object { json in
                    json.key("type")
                    json.string(type)
                    json.key("message")
                    json.string(message)
                    writeDetails(to: &json)
                }
                json.key("request_id")
                json.string(requestID.text)
            }
        }
        return json.buffer
    }

    private func writeDetails(to json: inout JSONWriter) {
        json.key("param")
        json.string(param)
        json.key("code")
        json.string(code)
        if let budget {
            json.key("budget")
            json.budget(budget)
        }
    }

    /// The answer's headers.
    func headers(requestID: RequestID, bodyBytes: Int) -> [(String, String)] {
        var headers = [("content-type", "application/json"), ("content-length", String(bodyBytes))]
        headers.append(("x-request-id", requestID.text))
        if shape == .anthropic { headers.append(("request-id", requestID.text)) }
        return headers + extras
    }
}
