/// One finished span, as OpenTelemetry's protocol carries it.
public struct Span: Sendable, Equatable {
    /// Whose work it was, with the protocol's numbers.
    public enum Kind: Int64, Sendable {
        /// A client's call, from its head to the end of its answer.
        case server = 2
        /// One attempt at a backend.
        case client = 3
    }

    /// What an attribute may be.
    public enum Value: Sendable, Equatable {
        case text(String)
        case integer(Int64)
        case flag(Bool)
        /// A JSON number, as it was spelled.
        case number(String)
        case texts([String])
    }

    /// An attribute; names are those of OpenTelemetry's conventions, or begin with `tollgate.`.
    public struct Attribute: Sendable, Equatable {
        /// Such as `gen_ai.request.model`.
        public let name: String
        /// What it says.
        public let value: Value
    }

    /// The trace and the span itself.
    let context: TraceContext
    /// The span that called; nil for the first of a trace.
    let parentID: UInt64?
    /// A low-cardinality name, such as `chat gpt-4o-mini`.
    let name: String
    let kind: Kind
    /// Nanoseconds since 1970.
    let start: Int64
    /// Nanoseconds since 1970.
    let end: Int64
    let attributes: [Attribute]
    /// It failed by the conventions' rules: not by a client's own mistake.
    let isFailed: Bool
}
