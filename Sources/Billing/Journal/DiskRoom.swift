import Synchronization

/// Whether the disk has room for what calls in flight still have to write.
///
/// A hold takes no new room, so a full disk would be noticed only when a call that was made cannot be settled. Holds
/// are refused before it comes to that.
public final class DiskRoom: Sendable {
    /// Bytes that are left to calls in flight.
    public static let reserve: UInt64 = 16 * 1024 * 1024
    private static let interval: Int64 = 1_000_000_000

    private let freeBytes: @Sendable () -> UInt64?
    private let nextLook = Atomic<Int64>(.min)
    private let isThere = Atomic<Bool>(true)

    /// Room on the file system of `path`.
    public convenience init(path: String) {
        self.init(freeBytes: { FreeSpace(path: path)?.free })
    }

    /// - Parameter freeBytes: what is free now; nil when nobody knows, which keeps nobody out.
    public init(freeBytes: @escaping @Sendable () -> UInt64?) {
        self.freeBytes = freeBytes
    }

    /// Whether there is room; looks once a second. `uptime` is monotonic, in nanoseconds.
    func isEnough(at uptime: Int64) -> Bool {
        let due = nextLook.load(ordering: .relaxed)
        if uptime >= due {
            let next = uptime.addingReportingOverflow(Self.interval).partialValue
            if nextLook.compareExchange(expected: due, desired: next, ordering: .relaxed).exchanged {
                isThere.store(freeBytes().map { $0 >= Self.reserve } ?? true, ordering: .relaxed)
            }
        }
        return isThere.load(ordering: .relaxed)
    }
}
