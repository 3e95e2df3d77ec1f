import CCurl

/// The libcurl options every outbound call of Tollgate shares.
enum CurlOptions {
    static func apply(to easy: UnsafeMutableRawPointer, _ policy: UpstreamPolicy) {
        ccurl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        // Empty, not absent: a proxy named by the environment would connect in our place, past the egress rule.
        ccurl_set_string(easy, CURLOPT_PROXY, "")
        // Else the environment is asked for exceptions before every call.
        ccurl_set_string(easy, CURLOPT_NOPROXY, "")
        ccurl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        ccurl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        ccurl_set_long(easy, CURLOPT_TCP_NODELAY, 1)
        ccurl_set_long(easy, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 1)
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 2)
        ccurl_set_long(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        if let caFile = policy.caFile {
            ccurl_set_string(easy, CURLOPT_CAINFO, caFile)
        }
        ccurl_set_long(easy, CURLOPT_HTTP_CONTENT_DECODING, 0)
        // Without it, giving up during a name look-up blocks the thread until the resolver answers.
        ccurl_set_long(easy, CURLOPT_QUICK_EXIT, 1)
    }

    static func setMethod(_ method: String, on easy: UnsafeMutableRawPointer) {
        ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, nil)
        switch method {
        case "GET": ccurl_set_long(easy, CURLOPT_HTTPGET, 1)
        case "HEAD": ccurl_set_long(easy, CURLOPT_NOBODY, 1)
        case "POST": ccurl_set_long(easy, CURLOPT_POST, 1)
        default:
            ccurl_set_long(easy, CURLOPT_POST, 1)
            ccurl_set_string(easy, CURLOPT_CUSTOMREQUEST, method)
        }
    }

    /// A duration within the range libcurl takes; zero means its default.
    static func milliseconds(_ value: Int64) -> Int {
        Int(min(max(value, 0), Int64(Int32.max)))
    }
}
