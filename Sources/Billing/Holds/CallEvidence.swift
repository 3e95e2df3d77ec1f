/// What was seen of one call that tells how much it used, whether the answer was whole or cut.
public struct CallEvidence: Sendable, Equatable {
    /// Bytes of the request's body, without those of image, audio and file parts where they are known.
    public var requestBytes: Int64
    /// Bytes of text that the answer brought: the JSON strings (between their quotes, as they were sent) of what the
    /// model wrote, that is `content`, `text`, reasoning and the names and arguments of tool calls, of every choice,
    /// and nothing of the JSON around them. So a stream says the same as a whole answer, and may end anywhere.
    public var textBytes: Int64
    /// Stream events that brought such text; 0 for whole answers.
    public var textEvents: Int64
    /// Bytes of audio: the file that was sent, or the answer's body.
    public var audioBytes: Int64

    /// Evidence of one call; nothing of what is not given.
    public init(requestBytes: Int64 = 0, textBytes: Int64 = 0, textEvents: Int64 = 0, audioBytes: Int64 = 0) {
        self.requestBytes = requestBytes
        self.textBytes = textBytes
        self.textEvents = textEvents
        self.audioBytes = audioBytes
    }
}
