#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Names and contents of files brought to disk before anything is built on them.
public enum FileSync {
    /// Syncs a file's contents.
    public static func file(_ path: String) throws(DatabaseFileError) {
        try sync(path, O_RDONLY)
    }

    /// Has the system bring what was written to a file so far to disk, without waiting for it; what is there leaves the
    /// system's memory.
    static func beginToWriteOut(_ path: String) {
        #if canImport(Glibc)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
        close(descriptor)
        #endif
    }

    /// Gives a file another name in the same folder, in place of what had it, for good.
    public static func rename(_ old: String, to new: String) throws(DatabaseFileError) {
        #if canImport(Glibc)
        let status = Glibc.rename(old, new)
        #else
        let status = Darwin.rename(old, new)
        #endif
        guard status == 0 else { throw .unavailable("\(new): \(reason())") }
        try sync(folder(of: new), O_RDONLY | O_DIRECTORY)
    }

    /// Gives a file a second name.
    static func link(_ path: String, as other: String) throws(DatabaseFileError) {
        #if canImport(Glibc)
        let status = Glibc.link(path, other)
        #else
        let status = Darwin.link(path, other)
        #endif
        guard status == 0 else { throw .unavailable("\(other): \(reason())") }
    }

    /// Removes a file; one that is not there is no error.
    public static func remove(_ path: String) throws(DatabaseFileError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .unavailable("\(path): \(reason())") }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func sync(_ path: String, _ flags: Int32) throws(DatabaseFileError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(reason())") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unavailable("\(path): \(reason())") }
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
