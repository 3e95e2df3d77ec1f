/// Why a master key is not rotated.
public enum RotationError: Error, Sendable {
    /// The key that is to be replaced is not the present one.
    case notPresent
    /// Another rotation is unfinished: it must be finished or taken back first.
    case unfinished
}
