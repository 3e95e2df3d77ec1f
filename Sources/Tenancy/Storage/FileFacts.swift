#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the file system says about one path, symbolic links followed.
public struct FileFacts: Sendable, Equatable {
    /// Permission bits, the sticky bit included.
    public let mode: UInt32
    /// The user id of its owner.
    public let owner: UInt32
    /// Whether it is a folder.
    public let isFolder: Bool
    /// Seconds since 1970 of its last change.
    public let changed: Int64
    /// Names it on its file system, whatever its path.
    public let inode: UInt64

    /// From its parts.
    public init(mode: UInt32, owner: UInt32, isFolder: Bool = false, changed: Int64 = 0, inode: UInt64 = 0) {
        self.mode = mode
        self.owner = owner
        self.isFolder = isFolder
        self.changed = changed
        self.inode = inode
    }

    /// Nil if there is no such file, or it cannot be looked at.
    public init?(path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        #if canImport(Glibc)
        let seconds = status.st_mtim.tv_sec
        #else
        let seconds = status.st_mtimespec.tv_sec
        #endif
        self.init(
            mode: UInt32(status.st_mode) & 0o7777, owner: UInt32(status.st_uid),
            isFolder: status.st_mode & S_IFMT == S_IFDIR, changed: Int64(seconds), inode: UInt64(status.st_ino))
    }

    /// The mode in octal digits: `0644`.
    public var octal: String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}
