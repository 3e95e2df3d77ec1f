import Foundation

/// Files the operator names.
enum TextFile {
    /// Larger files are refused, in bytes.
    private static let sizeLimit = 16 * 1024 * 1024

    /// The text of a file, or of the standard input for `-`; throws `CommandFailure`.
    static func read(_ path: String) throws(CommandFailure) -> String {
        guard let text = String(validating: try bytes(path), as: UTF8.self) else {
            throw CommandFailure(.failed, "\(path): is not UTF-8 text")
        }
        return text
    }

    /// The bytes of a file, or of the standard input for `-`; throws `CommandFailure`.
    static func bytes(_ path: String) throws(CommandFailure) -> [UInt8] {
        let bytes: Data
        do {
            if path == "-" {
                bytes = try FileHandle.standardInput.read(upToCount: sizeLimit + 1) ?? Data()
            } else {
                let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
                defer { try? handle.close() }
                bytes = try handle.read(upToCount: sizeLimit + 1) ?? Data()
            }
        } catch {
            throw CommandFailure(.failed, "\(path): cannot be read")
        }
        guard bytes.count <= sizeLimit else { throw CommandFailure(.failed, "\(path): is larger than 16 MiB") }
        return Array(bytes)
    }
}
