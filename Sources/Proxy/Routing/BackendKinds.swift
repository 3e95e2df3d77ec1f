/// A set of APIs that backends speak.
struct BackendKinds: OptionSet, Sendable {
    let rawValue: UInt8

    static let openai = BackendKinds(rawValue: 1)
    static let anthropic = BackendKinds(rawValue: 2)
}

extension BackendKinds {
    init(_ kind: BackendKind) {
        switch kind {
        case .openai: self = .openai
        case .anthropic: self = .anthropic
        }
    }

    /// What these backends speak together.
    init(_ backends: [Backend]) {
        self.init(backends.map { BackendKinds($0.definition.kind) })
    }
}
