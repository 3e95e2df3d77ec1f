import CCurl
import Glibc

/// libcurl's process-wide set-up, done once before the first handle.
enum CurlGlobal {
    static let isReady: Bool = {
        // With CURLOPT_NOSIGNAL libcurl leaves SIGPIPE alone, and a TLS write to a closed socket raises it.
        signal(SIGPIPE, SIG_IGN)
        return curl_global_init(ccurl_global_all()) == CURLE_OK
    }()
}
