import Foundation

/// Files with secrets that commands make.
enum SecretFile {
    /// Makes a file that only its owner can read, from the moment it exists; one that is there is never overwritten.
    static func make(_ path: String, _ text: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw CommandFailure(.failed, "\(path): cannot be written") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
        } catch {
            throw CommandFailure(.failed, "\(path): cannot be written")
        }
    }
}
