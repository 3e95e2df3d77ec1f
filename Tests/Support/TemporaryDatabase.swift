import Foundation

/// A directory of its own for one test's database; gone when the test lets go of it.
public final class TemporaryDatabase: Sendable {
    /// The directory, mode 0700.
    public let directory: String
    /// Where the test may put its database.
    public var path: String { directory + "/tollgate.db" }

    /// Makes an empty directory.
    public init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/tollgate-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }

    deinit {
        remove()
    }

    /// Removes the directory and all that is in it.
    public func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }
}
