import CCurl

/// One HTTP call on the calling thread, for probes, webhooks and the command line; never for an event loop.
public struct HTTPFetch {
    /// A complete response; header names are lower-cased.
    public struct Response: Sendable {
        /// The HTTP status code.
        public let status: Int
        /// In the order they came.
        public let headers: [(String, String)]
        /// The whole body, without transfer coding.
        public let body: [UInt8]
    }

    /// Makes the call and waits for its end; redirects are answers like any other.
    /// - Parameters:
    ///   - timeoutMS: limit on the whole call in milliseconds; zero or less means no limit.
    ///   - maxBody: bytes of response body beyond which the call fails with `tooLarge`.
    ///   - policy: where it may connect and whom it trusts.
    ///   - sink: is given the body of a 2xx response piece by piece instead; what it returns says whether to go on.
    /// - Throws: `UpstreamError`.
    public static func run(
        method: String, url: String, headers: [(String, String)], body: [UInt8], timeoutMS: Int64, maxBody: Int,
        policy: UpstreamPolicy = UpstreamPolicy(), sink: ((UnsafeRawBufferPointer) -> Bool)? = nil
    ) throws -> Response {
        guard let target = CurlURL(url) else {
            throw UpstreamError(stage: .notSent, reason: .invalidURL, detail: "not an http or https URL")
        }
        guard FieldSyntax.isMethod(method), let list = target.headerList(headers) else {
            throw UpstreamError(stage: .notSent, reason: .malformed, detail: "method or header not allowed in HTTP")
        }
        guard let easy = curl_easy_init() else {
            throw UpstreamError(stage: .notSent, reason: .connect, detail: "libcurl cannot start")
        }
        defer { curl_easy_cleanup(easy) }
        CurlOptions.apply(to: easy, policy)
        CurlAuthorities.shared(file: policy.caFile).install(on: easy)
        ccurl_set_url(easy, target.pointer)
        ccurl_set_headers(easy, list.pointer)
        ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, CurlOptions.milliseconds(timeoutMS))
        CurlOptions.setMethod(method, on: easy)
        let exchange = FetchExchange(maxBody: maxBody, egress: policy.egress, sink: sink)
        exchange.install(on: easy)
        let sent = FieldSyntax.hasBody(method) ? body : []
        let code = withExtendedLifetime((target, list, exchange)) {
            sent.withUnsafeBytes { bytes in
                ccurl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(bytes.count))
                if FieldSyntax.hasBody(method) {
                    ccurl_set_pointer(easy, CURLOPT_POSTFIELDS, bytes.baseAddress ?? exchange.emptyBody)
                }
                return curl_easy_perform(easy)
            }
        }
        return try exchange.response(code, easy: easy, bodyCount: sent.count)
    }
}
