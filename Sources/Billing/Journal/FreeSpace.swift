#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Bytes on a file system.
public struct FreeSpace: Sendable, Equatable {
    /// What an unprivileged process can still write.
    public let free: UInt64
    /// The size of the whole.
    public let total: UInt64

    /// From its two numbers.
    public init(free: UInt64, total: UInt64) {
        self.free = free
        self.total = total
    }

    /// Of the file system of `path`; nil if it cannot be asked.
    public init?(path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        free = UInt64(status.f_bavail).multipliedSaturating(by: UInt64(status.f_frsize))
        total = UInt64(status.f_blocks).multipliedSaturating(by: UInt64(status.f_frsize))
    }
}

extension UInt64 {
    fileprivate func multipliedSaturating(by other: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}
