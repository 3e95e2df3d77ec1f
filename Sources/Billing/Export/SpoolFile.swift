#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A temporary file of this process alone, removed with this value or when it is read.
final class SpoolFile {
    let path: String
    private var descriptor: Int32 = -1

    /// An empty file. Throws `ExportError.temporaryFile`.
    init() throws(ExportError) {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/tollgate-export-XXXXXX".utf8CString)
        let made = mkstemp(&template)
        guard made >= 0 else { throw .temporaryFile }
        close(made)
        path = template.withUnsafeBufferPointer { buffer in
            String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) } else { unlink(path) }
    }

    /// The next bytes of what another wrote at `path`; nil at the end. The name goes with the first read.
    func read(atMost count: Int) throws(ExportError) -> [UInt8]? {
        if descriptor < 0 {
            descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .temporaryFile }
            unlink(path)
        }
        var length = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            #if canImport(Glibc)
            length = Glibc.read(descriptor, buffer.baseAddress, count)
            #else
            length = Darwin.read(descriptor, buffer.baseAddress, count)
            #endif
            written = max(0, length)
        }
        guard length >= 0 else { throw .temporaryFile }
        return length == 0 ? nil : bytes
    }
}
