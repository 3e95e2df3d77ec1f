import NIOCore

/// What a request wants, read in one pass over the bytes of its body.
struct Ask: Sendable {
    /// The model by the name the client used.
    let model: String
    let stream: Bool
    /// How many answers are generated, at least 1: the larger of `n` and `best_of`, times the prompts.
    let choices: Int64
    /// The larger of `max_tokens` and `max_completion_tokens`; nil if the client set neither.
    let maxTokens: Int64?
    /// Whether the client itself asked for usage at the end of the stream.
    let includeUsage: Bool
    let bodyBytes: Int
    /// Image, audio, file and other parts of messages that are not text.
    let parts: Int
    /// The path of the first such part, to name it in a refusal.
    let firstPart: String?
    /// What stands for the client's `prompt_cache_key`, as it is spelled; nil without one.
    let promptCacheHash: UInt64?
    let edits: AskEdits

    /// Reads a body; nothing of it is kept but the values above.
    static func parse(_ body: ByteBuffer, kind: AskKind) -> Result<Ask, AskError> {
        body.withUnsafeReadableBytes { bytes in
            var reader = AskReader(bytes, kind: kind)
            do throws(AskError) {
                return .success(try reader.read())
            } catch {
                return .failure(error)
            }
        }
    }
}
