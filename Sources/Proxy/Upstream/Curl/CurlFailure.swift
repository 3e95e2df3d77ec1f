import CCurl

/// Sorts libcurl's result codes into Tollgate's failure reasons.
enum CurlFailure {
    /// - Parameter didConnect: whether a connection was ready for the request before the failure.
    static func reason(of code: CURLcode, didConnect: Bool) -> UpstreamFailureReason {
        if didConnect {
            return reasonOnConnection(code)
        }
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidURL
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .dns
        case CURLE_OPERATION_TIMEDOUT: return .connectTimeout
        default: return isTLS(code) ? .tls : .connect
        }
    }

    /// libcurl's text for a failure: the transfer's own where there is one.
    static func detail(of code: CURLcode, message: String) -> String {
        if !message.isEmpty {
            return message
        }
        guard let generic = curl_easy_strerror(code) else { return "curl error \(code.rawValue)" }
        return String(cString: generic)
    }

    private static func reasonOnConnection(_ code: CURLcode) -> UpstreamFailureReason {
        switch code {
        case CURLE_SEND_ERROR: return .writeFailed
        case CURLE_OPERATION_TIMEDOUT: return .totalTimeout
        // Out of memory is also how libcurl reports a header line beyond its own limit.
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_WRITE_ERROR, CURLE_HTTP2,
            CURLE_BAD_CONTENT_ENCODING, CURLE_OUT_OF_MEMORY:
            return .malformed
        default: return .reset
        }
    }

    private static func isTLS(_ code: CURLcode) -> Bool {
        switch code {
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS, CURLE_USE_SSL_FAILED,
            CURLE_SSL_CLIENTCERT, CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CRL_BADFILE:
            return true
        default: return false
        }
    }
}
