import NIOCore

/// The error of a backend's answer or of one stream event, as far as it says that we ask too often; pure.
enum BackendErrorObject {
    /// The fault that an answer with an error in it is.
    static func fault(_ bytes: ByteBuffer) -> AttemptFault {
        bytes.withUnsafeReadableBytes { isRateLimit($0) } ? .rateLimitObject : .errorObject
    }

    private static func isRateLimit(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var scanner = JSONScanner(bytes, strings: .lenient)
        do throws(JSONFault) {
            return try readsAsRateLimit(&scanner)
        } catch {
            return false
        }
    }

    /// `"code":429`, `"status":429`, `"code":"429"`, or a code or type that names a rate limit: in the object that is
    /// next, in its `error`, or in the `error` of its `response`.
    private static func readsAsRateLimit(_ scanner: inout JSONScanner) throws(JSONFault) -> Bool {
        var isRateLimit = false
        try scanner.enterObject()
        while let key = try scanner.nextKey() {
            if scanner.spells(key, "error") || scanner.spells(key, "response"), try scanner.peek() == .object {
                if try readsAsRateLimit(&scanner) { isRateLimit = true }
                continue
            }
            let value = try scanner.skipValue()
            let isCode = scanner.spells(key, "code") || scanner.spells(key, "status")
            if isCode || scanner.spells(key, "type"), names(value, in: scanner) { isRateLimit = true }
        }
        return isRateLimit
    }

    private static func names(_ value: JSONSpan, in scanner: JSONScanner) -> Bool {
        switch value.kind {
        case .number: JSONText.integer(value, in: scanner.bytes) == 429
        case .string:
            scanner.spells(value, "429") || scanner.spells(value, "rate_limit_exceeded")
                || scanner.spells(value, "rate_limit_error")
        default: false
        }
    }
}
