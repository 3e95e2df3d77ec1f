/// What is fuzzed, one property a case.
enum FuzzTarget: String, CaseIterable {
    /// Streams are split into events, whatever the chunks they come in.
    case framing
    /// Keys and the headers they come in.
    case key

    func run(_ input: UnsafeRawBufferPointer) {
        switch self {
        case .framing: FramingTarget.run(input)
        case .key: KeyTarget.run(input)
        }
    }
}
