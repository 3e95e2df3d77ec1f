/// What is fuzzed, one property a case.
enum FuzzTarget: String, CaseIterable {
    /// Streams are split into events, whatever the chunks they come in.
    case framing
    /// Usage in answers and streams of every dialect.
    case usage
    /// Request bodies of every route, and the edits on their way.
    case ask
    /// Forms with an audio file.
    case multipart
    /// Keys and the headers they come in.
    case key

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .framing: FramingTarget.run(input)
        case .usage: UsageTarget.run(input)
        case .ask: AskTarget.run(input)
        case .multipart: MultipartTarget.run(input)
        case .key: KeyTarget.run(input)
        }
    }
}
