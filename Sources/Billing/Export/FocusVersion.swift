/// The versions of FOCUS that are written.
enum FocusVersion: Sendable {
    /// 1.2
    case v12
    /// 1.4
    case v14
}
