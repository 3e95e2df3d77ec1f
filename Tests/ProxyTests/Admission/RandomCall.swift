@testable import Proxy

/// A random request of any kind, with the most tokens it can count: one for each byte of decoded text, `perPart` for
/// each part, and `overhead` for each text that is read on its own.
struct RandomCall {
    let kind: AskKind
    let members: String
    let inputTokens: Int
    let outputTokens: Int

    static let perPart = 1000
    static let overhead = 256
    static let maxOutput = 100
    static let kinds: [AskKind] = [
        .chatCompletions, .completions, .embeddings, .responses, .moderations, .rerank, .messages, .images, .speech,
    ]

    init(_ kind: AskKind, _ random: inout RandomBody) {
        switch kind {
        case .chatCompletions, .messages, .responses: self = Self.conversation(kind, &random)
        case .completions: self = Self.completion(&random)
        case .embeddings, .moderations: self = Self.texts(kind, &random)
        case .rerank: self = Self.ranking(&random)
        case .images: self = Self.images(&random)
        default: self = Self.speech(&random)
        }
    }

    private init(_ kind: AskKind, _ members: String, input: Int, output: Int) {
        (self.kind, self.members, inputTokens, outputTokens) = (kind, members, input, output)
    }

    private static func text(_ random: inout RandomBody) -> (json: String, bytes: Int) {
        let pieces = [
            ("a", 1), ("\\u0041", 1), ("é", 2), ("\\u00e9", 2), ("😀", 4), ("\\ud83d\\ude00", 4), ("\\n", 1), ("日本", 6),
        ]
        let chosen = (0..<random.below(40)).map { _ in random.pick(pieces) }
        return ("\"" + chosen.map(\.0).joined() + "\"", chosen.reduce(0) { $0 + $1.1 })
    }

    private static func conversation(_ kind: AskKind, _ random: inout RandomBody) -> RandomCall {
        let (text, picture) =
            switch kind {
            case .chatCompletions: ("text", #"{"type":"image_url","image_url":{"url":"u","detail":"high"}}"#)
            case .messages: ("text", #"{"type":"image","source":{"type":"base64","data":"d"}}"#)
            default: ("input_text", #"{"image_url":"u","type":"input_image"}"#)
            }
        var input = overhead
        let messages = (0..<1 + random.below(4)).map { _ -> String in
            let parts = (0..<random.below(4)).map { _ -> String in
                if random.chance(30) {
                    input += perPart
                    return picture
                }
                let said = Self.text(&random)
                input += said.bytes
                return #"{"type":"\#(text)","text":\#(said.json)}"#
            }
            return #"{"role":"user","content":[\#(parts.joined(separator: ","))]}"#
        }
        let list = "[" + messages.joined(separator: ",") + "]"
        let asked = random.chance(60) ? 1 + random.below(200) : nil
        let n = kind == .chatCompletions && random.chance(40) ? 1 + random.below(5) : 1
        var members = (kind == .responses ? #""input":"# : #""messages":"#) + list
        if let asked {
            members += kind == .responses ? #","max_output_tokens":\#(asked)"# : #","max_tokens":\#(asked)"#
        }
        if n > 1 { members += #","n":\#(n)"# }
        return RandomCall(kind, members, input: input, output: min(asked ?? maxOutput, maxOutput) * n)
    }

    private static func completion(_ random: inout RandomBody) -> RandomCall {
        let prompts = (0..<1 + random.below(4)).map { _ in text(&random) }
        let input = prompts.reduce(0) { $0 + $1.bytes + overhead }
        let (n, best) = (1 + random.below(3), 1 + random.below(4))
        let list = prompts.map(\.json).joined(separator: ",")
        return RandomCall(
            .completions, #""prompt":[\#(list)],"n":\#(n),"best_of":\#(best)"#, input: input,
            output: maxOutput * max(n, best) * prompts.count)
    }

    private static func texts(_ kind: AskKind, _ random: inout RandomBody) -> RandomCall {
        if random.chance(30) {
            let lists = (0..<1 + random.below(4)).map { _ in (0..<1 + random.below(9)).map { _ in random.below(10) } }
            let json = lists.map { "[" + $0.map(String.init).joined(separator: ",") + "]" }.joined(separator: ",")
            return RandomCall(
                kind, #""input":[\#(json)]"#, input: lists.reduce(0) { $0 + $1.count + overhead }, output: 0)
        }
        var input = 0
        let texts = (0..<1 + random.below(5)).map { _ -> String in
            input += overhead
            if random.chance(20) {
                input += perPart
                return #"{"type":"image_url","image_url":{"url":"u"}}"#
            }
            let text = text(&random)
            input += text.bytes
            return text.json
        }
        return RandomCall(kind, #""input":[\#(texts.joined(separator: ","))]"#, input: input, output: 0)
    }

    private static func ranking(_ random: inout RandomBody) -> RandomCall {
        let query = text(&random)
        let documents = (0..<1 + random.below(6)).map { _ in text(&random) }
        let list = documents.map(\.json).joined(separator: ",")
        return RandomCall(
            .rerank, #""query":\#(query.json),"documents":[\#(list)]"#,
            input: documents.reduce(0) { $0 + $1.bytes + query.bytes + overhead }, output: 0)
    }

    private static func images(_ random: inout RandomBody) -> RandomCall {
        let prompt = text(&random)
        let (n, partial) = (1 + random.below(10), random.below(4))
        return RandomCall(
            .images, #""prompt":\#(prompt.json),"n":\#(n),"partial_images":\#(partial)"#,
            input: (prompt.bytes + overhead) * n, output: maxOutput * n * (partial + 1))
    }

    private static func speech(_ random: inout RandomBody) -> RandomCall {
        let (input, how) = (text(&random), text(&random))
        return RandomCall(
            .speech, #""input":\#(input.json),"instructions":\#(how.json)"#, input: input.bytes + how.bytes + overhead,
            output: maxOutput)
    }
}
