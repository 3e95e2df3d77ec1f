import Synchronization

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An exclusive lock on a file; the system drops it when the process ends, however it ends.
final class FileLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// Takes the lock at once or throws `locked`.
    init(path: String) throws(DatabaseFileError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(Self.reason())") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            let reason = Self.reason()
            close(descriptor)
            throw isTaken ? .locked : .unavailable("\(path): \(reason)")
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        release()
    }

    /// Lets the next instance in; a second call has no effect.
    func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            close(descriptor)
            descriptor = -1
        }
    }

    /// Whether `mark` was called on the file, by this process or an earlier one.
    var isMarked: Bool {
        descriptor.withLock { descriptor in
            var status = stat()
            return fstat(descriptor, &status) == 0 && status.st_size > 0
        }
    }

    /// Leaves a note in the file that what it locks was made. Without room for it, the next start tries again.
    func mark() {
        guard !isMarked else { return }
        descriptor.withLock { descriptor in
            let note: [UInt8] = Array("made\n".utf8)
            _ = pwrite(descriptor, note, note.count, 0)
        }
    }

    /// Makes sure that the file exists and that nobody but its owner may read it.
    static func makePrivate(path: String) throws(DatabaseFileError) {
        // An existing file is not opened: closing it would drop the locks SQLite holds in this process.
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            close(descriptor)
        } else if errno != EEXIST {
            throw .unavailable("\(path): \(reason())")
        }
        guard chmod(path, 0o600) == 0 else { throw .unavailable("\(path): \(reason())") }
    }

    static func exists(path: String) -> Bool { access(path, F_OK) == 0 }

    /// Whether there is nothing in the file, or no file.
    static func isEmpty(path: String) -> Bool {
        var status = stat()
        return stat(path, &status) != 0 || status.st_size == 0
    }

    private static func reason() -> String { String(cString: strerror(errno)) }
}
