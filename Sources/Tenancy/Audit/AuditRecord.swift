/// An audit entry in its place in the log.
public struct AuditRecord: Sendable, Equatable {
    /// Counts from 1 without gaps.
    public var sequence: Int64
    /// What it says.
    public var entry: AuditEntry
    /// Ties it to all before it; 32 bytes. See `AuditChain`.
    public var hash: [UInt8]
}
