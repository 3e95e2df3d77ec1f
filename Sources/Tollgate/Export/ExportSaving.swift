import Foundation
import Tenancy

/// Saves one download under its name once it is whole: what broke off leaves nothing behind that looks like a file.
struct ExportSaving {
    let folder: URL
    let client: AdminClient

    /// What a saved file came to.
    struct Saved {
        let name: String
        let bytes: Int64
        let sha256: String
    }

    /// Downloads a file. `sha256` is what it must come to, if that is known, and `progress` is told its bytes so far.
    func save(
        _ path: String, as name: String, sha256: String? = nil, progress: @escaping (Int64) -> Void
    ) throws -> Saved {
        let target = folder.appendingPathComponent(name)
        let part = folder.appendingPathComponent(name + ".part")
        guard FileManager.default.createFile(atPath: part.path, contents: nil),
            let handle = FileHandle(forWritingAtPath: part.path)
        else { throw CommandFailure(.failed, "\(part.path): cannot be written") }
        var digest = DigestStream()
        var failure: (any Error)?
        do {
            try withoutActuallyEscaping({ (piece: UnsafeRawBufferPointer) -> Bool in
                do {
                    let bytes = [UInt8](piece)
                    try handle.write(contentsOf: Data(bytes))
                    digest.add(bytes)
                    progress(digest.count)
                    return true
                } catch {
                    failure = error
                    return false
                }
            }) { receive in try client.download(path, receive) }
            try handle.synchronize()
            try handle.close()
            let saved = Saved(name: name, bytes: digest.count, sha256: digest.finish())
            if let sha256, saved.sha256 != sha256 {
                throw CommandFailure(.failed, "\(name): SHA-256 is \(saved.sha256), the manifest says \(sha256)")
            }
            if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
            try FileManager.default.moveItem(at: part, to: target)
            return saved
        } catch {
            try? handle.close()
            try? FileManager.default.removeItem(at: part)
            if let failure { throw CommandFailure(.failed, "\(name): \(failure.localizedDescription)") }
            throw error
        }
    }
}
