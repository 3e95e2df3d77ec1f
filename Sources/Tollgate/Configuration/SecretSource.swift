import Foundation
import Tenancy

/// Where a secret comes from; the secret itself is never part of the configuration.
enum SecretSource: Sendable, Equatable {
    /// The environment variable of that name.
    case environment(String)
    /// The content of the file at that path.
    case file(String)

    /// Where it comes from, in words.
    var name: String {
        switch self {
        case .environment(let name): "the environment variable \(name)"
        case .file(let path): "the file \(path)"
        }
    }

    /// No secret is longer, in bytes.
    private static let sizeLimit = 64 * 1024
    /// What a secret's file must not allow. Its group may read it: so it is where a service manager hands it over.
    private static let forbidden: UInt32 = 0o037

    /// The secret without white space around it; throws `SecretError`, also for a file that is open to others.
    func resolve(environment: [String: String]) throws(SecretError) -> String {
        let text: String
        switch self {
        case .environment(let name):
            guard let value = environment[name] else { throw .unset(name) }
            text = value
        case .file(let path):
            text = try Self.content(of: path)
        }
        let secret = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !secret.isEmpty else { throw .empty(self) }
        return secret
    }

    private static func content(of path: String) throws(SecretError) -> String {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            let bytes = try handle.read(upToCount: sizeLimit + 1) ?? Data()
            if let facts = FileFacts(path: path), facts.mode & forbidden != 0 {
                throw SecretError.open(path, mode: facts.mode)
            }
            if bytes.count <= sizeLimit, let text = String(data: bytes, encoding: .utf8) { return text }
        } catch let error as SecretError {
            throw error
        } catch {
            throw .unreadable(path)
        }
        throw .notText(path)
    }
}
