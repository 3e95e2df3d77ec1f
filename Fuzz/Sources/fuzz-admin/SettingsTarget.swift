import Fuzzing
import Proxy

#if canImport(TollgateFiles)
@testable import TollgateFiles
#else
@testable import Tollgate
#endif

/// The gateway's settings: the same the second time, and no secret in what is refused.
enum SettingsTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024

    /// A line that is a variable's value, then the file.
    static func run(_ bytes: UnsafeRawBufferPointer) {
        var input = FuzzInput(bytes)
        let setting = input.pick(["LIMITS__MAX_BODY", "LISTEN", "TRUSTED_PROXIES", "ROUTING", "LOG__LEVEL", ""])
        let value = input.line()
        let text = input.text
        let environment = setting.isEmpty ? [:] : ["TOLLGATE__" + setting: value]
        do throws(DocumentFaults) {
            let read = try ConfigurationFile.read(text, file: nil, environment: environment)
            precondition(read.needsRestart(for: read).isEmpty)
            let again = try ConfigurationFile.read(text, file: nil, environment: environment)
            precondition(read.needsRestart(for: again).isEmpty && "\(again)" == "\(read)", text)
            precondition(read.limits.bodyMemory >= read.limits.maxBody && read.routing.maxAttempts >= 1, text)
            let isPlain = read.tls == nil && !read.allowPlaintext
            precondition(!isPlain || read.listen.isLoopback && read.adminListen.isLoopback, text)
        } catch {
            FaultChecks.run(error, in: text)
        }
        // A secret that stands where its place should be named is not repeated.
        let secret = "c4n4ry-of-32-bytes-0123456789abc"
        guard text.utf8.count <= comparedBytes, !text.contains("c4n4ry"), !value.contains("c4n4ry") else { return }
        do throws(DocumentFaults) {
            _ = try ConfigurationFile.read("admin_key: \(secret)\n" + text, file: nil, environment: environment)
            preconditionFailure("a secret in the file is taken: \(text)")
        } catch {
            precondition(!error.description.contains("c4n4ry"), error.description)
        }
    }
}
