#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Reads the file of live holds from outside, beside a running instance or after one was killed.
public enum HoldFileReader {
    /// Every hold in the file beside the database at `path`, ended attempts among them; none without a file.
    ///
    /// Throws `LedgerError.unavailable`.
    public static func holds(besideDatabase path: String) throws(LedgerError) -> [StoredHold] {
        let path = path + ".holds"
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0, errno == ENOENT { return [] }
        guard descriptor >= 0 else { throw .unavailable("\(path): \(String(cString: strerror(errno)))") }
        return try HoldFile(descriptor: descriptor).leftovers()
    }
}
