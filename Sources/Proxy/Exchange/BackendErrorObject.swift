import NIOCore

/// The `error` object of a backend's answer or of one stream event, as far as it says that we ask too often; pure.
enum BackendErrorObject {
    /// The fault that an answer with an error in it is.
    static func fault(_ bytes: ByteBuffer) -> AttemptFault {
        bytes.withUnsafeReadableBytes { isRateLimit($0) } ? .rateLimitObject : .errorObject
    }

    private static func isRateLimit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var scanner = JSONScanner(bytes, strings: .lenient)
        do throws(JSONFault) {
            try scanner.enterObject()
            while let key = try scanner.nextKey() {
                guard scanner.spells(key, "error"), try scanner.peek() == .object else {
                    try scanner.skipValue()
                    continue
                }
                if try readsAsRateLimit(&scanner) { return true }
            }
        } catch {
            return false
        }
        return false
    }

    /// `"code":429`, `"status":429`, `"code":"429"` or `"code":"rate_limit_exceeded"`.
    private static func readsAsRateLimit(_ scanner: inout JSONScanner) throws(JSONFault) -> Bool {
        var isRateLimit = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            let isCode = scanner.spells(key, "code") || scanner.spells(key, "status")
            let value = try scanner.skipValue()
            guard isCode else { continue }
            switch value.kind {
            case .number: isRateLimit = isRateLimit || JSONText.integer(value, in: scanner.bytes) == 429
            case .string:
                let word = JSONText.string(value, in: scanner.bytes)
                isRateLimit = isRateLimit || word == "429" || word == "rate_limit_exceeded"
            default: break
            }
        }
        return isRateLimit
    }
}
