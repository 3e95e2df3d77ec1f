import COpenSSL
import Synchronization

/// HMAC-SHA256 under a key that lives and dies with the process.
///
/// Contexts are set up once, as fetching the algorithm costs several times the digest itself; there are a few of
/// them, each with its own lock, so that event loops do not wait for one another.
final class KeyDigester: Sendable {
    private final class Slot: Sendable {
        let turn = Mutex(())
        // Used by the holder of `turn` only.
        nonisolated(unsafe) let context: OpaquePointer?

        init(key: [UInt8]) {
            context = Slot.makeContext(key: key)
        }

        deinit {
            EVP_MAC_CTX_free(context)
        }

        func digest(of bytes: UnsafeRawBufferPointer) -> KeyDigest? {
            guard let context, let start = bytes.baseAddress else { return nil }
            var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
            let done = withUnsafeMutableBytes(of: &words) { output in
                var length = 0
                return EVP_MAC_init(context, nil, 0, nil) == 1
                    && EVP_MAC_update(context, start.assumingMemoryBound(to: UInt8.self), bytes.count) == 1
                    && EVP_MAC_final(
                        context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &length, output.count) == 1
                    && length == output.count
            }
            return done ? KeyDigest(words: words) : nil
        }

        private static func makeContext(key: [UInt8]) -> OpaquePointer? {
            guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { return nil }
            defer { EVP_MAC_free(algorithm) }
            guard let context = EVP_MAC_CTX_new(algorithm) else { return nil }
            var name = Array("SHA256".utf8CString)
            let ready = name.withUnsafeMutableBufferPointer { name in
                let parameters = [
                    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return EVP_MAC_init(context, key, key.count, parameters) == 1
            }
            if ready { return context }
            EVP_MAC_CTX_free(context)
            return nil
        }
    }

    private let slots: [Slot]

    init(slots count: Int = 8) {
        let key = SecretBytes.random(32)
        slots = (0..<max(1, count)).map { _ in Slot(key: key) }
    }

    /// The digest; nil only if libcrypto cannot compute it. `spread` picks the context to try first.
    func digest(of bytes: UnsafeRawBufferPointer, spread: Int = 0) -> KeyDigest? {
        let first = Int(UInt(bitPattern: spread) % UInt(slots.count))
        for offset in 0..<slots.count {
            let slot = slots[(first + offset) % slots.count]
            if let digest = slot.turn.withLockIfAvailable({ _ in slot.digest(of: bytes) }) { return digest }
        }
        return slots[first].turn.withLock { _ in slots[first].digest(of: bytes) }
    }
}
