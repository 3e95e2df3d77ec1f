/// Why a master key is not rotated.
public enum RotationError: Error, Sendable, Equatable {
    /// The key that is to be replaced is not the present one.
    case notPresent
    /// Another rotation is unfinished: it must be finished or taken back first.
    case unfinished
    /// The secret of this row does not open with the present key, as if it was sealed under another one or damaged.
    case sealed(row: String)

    /// What to tell who asked for it.
    public var text: String {
        switch self {
        case .notPresent: "that does not come from the present master key of this gateway"
        case .unfinished: "finish the rotation under way first, or take it back"
        case .sealed(let row): "the secret of \(row) does not open: give it another one, or delete it, first"
        }
    }
}
