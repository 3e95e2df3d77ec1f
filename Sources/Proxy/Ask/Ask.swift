import NIOCore

/// What a request wants, read in one pass over the bytes of its body.
struct Ask: Sendable {
    let kind: AskKind
    /// The model by the name the client used.
    var model: String
    var stream = false
    /// How many answers are generated, at least 1: the larger of `n` and `best_of`, times the prompts; on image routes
    /// partial images count too.
    var choices: Int64 = 1
    /// The larger of the client's bounds on output tokens; nil if it set none.
    var maxTokens: Int64?
    /// Output tokens the client wants to have for thinking, inside `maxTokens`; 0 without such a budget.
    var thinkingTokens: Int64 = 0
    /// Whether the client itself asked for usage at the end of the stream.
    var includeUsage = false
    var bodyBytes = 0
    /// Texts that are read one by one, at least 1: inputs of embeddings and moderations, documents to rank.
    var inputs: Int64 = 1
    /// Bytes that are read again for each of `inputs`: the query of a ranking.
    var repeatedBytes: Int64 = 0
    /// Input tokens at most that a provider adds for what the body only names, such as its own tool definitions.
    var addedTokens: Int64 = 0
    /// Image, audio, file and other parts that are not text.
    var parts = 0
    /// The path of the first such part, to name it in a refusal.
    var firstPart: String?
    /// Images asked for on image routes, else 0.
    var images: Int64 = 0
    /// Unicode scalars of the text to speak, else 0.
    var characters: Int64 = 0
    /// Bytes of the audio file to transcribe, else 0.
    var audioBytes: Int64 = 0
    /// The service tier asked for, if it is another than the standard one.
    var serviceTier: String?
    /// Names under which an image of the asked quality and size may have a price of its own, the closest first.
    var priceTiers: [String] = []
    /// What stands for the client's `prompt_cache_key`, as it is spelled; nil without one.
    var promptCacheHash: UInt64?
    /// The content type that goes upstream with the body.
    var contentType = "application/json"
    var edits = AskEdits()

    /// Reads a body; nothing of it is kept but the values above.
    ///
    /// - Parameter contentType: the request's content type; only a form's reader needs it.
    static func parse(
        _ body: ByteBuffer, kind: AskKind, contentType: String? = nil, givesWay: Bool = false
    ) -> Result<Ask, AskError> {
        body.withUnsafeReadableBytes { bytes in
            do throws(AskError) {
                if kind == .transcription {
                    return .success(try transcription(bytes, contentType: contentType))
                }
                var reader = AskReader(bytes, kind: kind, givesWay: givesWay)
                return .success(try reader.read())
            } catch {
                return .failure(error)
            }
        }
    }
}
