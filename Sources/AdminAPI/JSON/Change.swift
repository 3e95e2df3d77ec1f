/// What a PATCH asks of a field that may be empty.
enum Change<Value> {
    /// The field was absent.
    case keep
    /// The field was null.
    case clear
    case set(Value)

    /// Carries the change out.
    func apply(to target: inout Value?) {
        switch self {
        case .keep: break
        case .clear: target = nil
        case .set(let value): target = value
        }
    }

    /// The new value; nil if kept or cleared.
    var value: Value? {
        if case .set(let value) = self { value } else { nil }
    }
}
