/// The manifest that another one names: that of the month that was closed before.
public struct PreviousManifest: Sendable, Equatable {
    /// `2026-10`
    let period: String
    /// Of its bytes, 64 hexadecimal digits.
    let sha256: String
}
