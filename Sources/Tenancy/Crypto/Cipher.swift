import COpenSSL

/// One run of AES-256-GCM in one direction.
final class Cipher {
    // Fetched once and never freed or changed; libcrypto's algorithm objects may be shared between threads.
    private nonisolated(unsafe) static let algorithm = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    private let context: OpaquePointer
    private let encrypts: Bool

    init?(key: [UInt8], nonce: [UInt8], encrypts: Bool) {
        guard let algorithm = Self.algorithm, let context = EVP_CIPHER_CTX_new() else { return nil }
        self.context = context
        self.encrypts = encrypts
        guard EVP_CipherInit_ex2(context, algorithm, key, nonce, encrypts ? 1 : 0, nil) == 1 else { return nil }
    }

    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Sets the tag that decryption must find.
    func expect(tag: [UInt8]) -> Bool {
        var tag = tag
        return EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(clamping: tag.count), &tag) == 1
    }

    /// The other form of the bytes; nil on failure, and when decrypting if the tag does not fit.
    func run(_ input: [UInt8], context additional: String) -> [UInt8]? {
        let additional = Array(additional.utf8)
        guard let inputLength = Int32(exactly: input.count),
            let additionalLength = Int32(exactly: additional.count)
        else { return nil }
        var length: Int32 = 0
        if additionalLength > 0 {
            guard EVP_CipherUpdate(context, nil, &length, additional, additionalLength) == 1 else { return nil }
        }
        var output = [UInt8](repeating: 0, count: input.count + 16)
        var written = 0
        if inputLength > 0 {
            guard EVP_CipherUpdate(context, &output, &length, input, inputLength) == 1 else { return nil }
            written = Int(length)
        }
        let finished = output.withUnsafeMutableBufferPointer { output in
            EVP_CipherFinal_ex(context, output.baseAddress.map { $0 + written }, &length) == 1
        }
        guard finished, written + Int(length) == input.count else { return nil }
        return Array(output.prefix(input.count))
    }

    /// The tag of what was encrypted.
    func tag(length: Int) -> [UInt8]? {
        var tag = [UInt8](repeating: 0, count: length)
        let done = EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(clamping: length), &tag) == 1
        return encrypts && done ? tag : nil
    }
}
