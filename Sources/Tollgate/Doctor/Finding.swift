/// What one check of `doctor` found.
struct Finding: Sendable, Equatable {
    enum State: String, Sendable {
        case ok
        case warn
        case fail
        /// There is nothing to check.
        case none = "n/a"
    }

    /// What was looked at.
    let check: String
    let state: State
    let detail: String
    /// What to do about it; nil if nothing needs doing.
    var fix: String?

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, state: .ok, detail: detail)
    }

    static func warn(_ check: String, _ detail: String, fix: String) -> Finding {
        Finding(check: check, state: .warn, detail: detail, fix: fix)
    }

    static func fail(_ check: String, _ detail: String, fix: String) -> Finding {
        Finding(check: check, state: .fail, detail: detail, fix: fix)
    }

    static func none(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, state: .none, detail: detail)
    }

    /// For scripts.
    var json: JSONValue {
        .object([
            "check": .string(check), "state": .string(state.rawValue), "detail": .string(detail), "fix": .text(fix),
        ])
    }
}
