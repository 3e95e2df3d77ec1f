import Fuzzing

/// What is fuzzed of the gateway without its Admin API.
enum GatewayTarget: String, FuzzTarget {
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
    /// Request heads, and what is read out of their target and fields.
    case head
    /// Connections to the Admin API and the metrics, up to what guards them.
    case guarded
    /// Response heads of backends, as libcurl hands them over.
    case answer
    /// Whole answers of backends over cleartext.
    case reply
    /// Amounts, prices, instants, names, cursors, months and tags of an export.
    case values
    /// Cells of tables, JSON and HTML that are written from any text.
    case cells
    /// Records of holds, usage queries, what answers call themselves, and counts of rare meters in a row.
    case records
    /// Chains of forwarded addresses, and the numbers of a request that a trace names.
    case origin

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .framing: FramingTarget.run(input)
        case .usage: UsageTarget.run(input)
        case .ask: AskTarget.run(input)
        case .multipart: MultipartTarget.run(input)
        case .key: KeyTarget.run(input)
        case .head: HeadTarget.run(input)
        case .guarded: GuardedTarget.run(input)
        case .answer: AnswerTarget.run(input)
        case .reply: ReplyTarget.run(input)
        case .values: ValuesTarget.run(input)
        case .cells: CellsTarget.run(input)
        case .records: RecordsTarget.run(input)
        case .origin: OriginTarget.run(input)
        }
    }
}
