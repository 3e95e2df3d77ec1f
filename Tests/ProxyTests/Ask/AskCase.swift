import NIOCore

@testable import Proxy

/// Shorthands for the tables of what each route reads and refuses.
enum AskCase {
    static func responses(_ members: String) -> Result<Ask, AskError> { parse(members, .responses) }

    /// A body of the model `m` and these members.
    static func parse(_ members: String, _ kind: AskKind) -> Result<Ask, AskError> {
        Ask.parse(ByteBuffer(string: #"{"model":"m",\#(members)}"#), kind: kind)
    }

    /// The code and parameter of a refusal; nil if it is none.
    static func fault(_ result: Result<Ask, AskError>) -> String? {
        guard case .failure(let error) = result else { return nil }
        return error.code + (error.param.map { " " + $0 } ?? "")
    }

    /// What goes upstream for the model `b` with 7 tokens.
    static func upstream(
        _ text: String, _ kind: AskKind, model: String = "b", contentType: String? = nil
    ) throws -> String {
        let body = ByteBuffer(string: text)
        return String(
            buffer: try Ask.parse(body, kind: kind, contentType: contentType).get().upstreamBody(
                model: model, maxTokens: 7, parameter: "max_completion_tokens", forceUsage: true, from: body,
                into: ByteBufferAllocator()))
    }
}
