import CCurl
public import Tenancy

/// The certificate that a server shows, trusted or not.
public enum ServerCertificate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// When the certificate of the server at an https URL stops being valid; nil where it cannot be read. Makes the
    /// handshake on the calling thread, sends no request, and believes nothing of what it learns.
    ///
    /// - Parameters:
    ///   - timeoutMS: limit on the handshake in milliseconds.
    ///   - policy: where it may connect.
    /// - Throws: `UpstreamError` if there is no handshake.
    public static func end(url: String, timeoutMS: Int64, policy: UpstreamPolicy) throws -> Timestamp? {
        guard let target = CurlURL(url), let easy = curl_easy_init() else {
            throw UpstreamError(stage: .notSent, reason: .invalidURL, detail: "not an http or https URL")
        }
        defer { curl_easy_cleanup(easy) }
        CurlOptions.apply(to: easy, policy)
        ccurl_set_url(easy, target.pointer)
        ccurl_set_long(easy, CURLOPT_TIMEOUT_MS, CurlOptions.milliseconds(timeoutMS))
        ccurl_set_long(easy, CURLOPT_CONNECT_ONLY, 1)
        ccurl_set_long(easy, CURLOPT_CERTINFO, 1)
        // An end that has passed could not be read otherwise; nothing is sent over this connection.
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYPEER, 0)
        ccurl_set_long(easy, CURLOPT_SSL_VERIFYHOST, 0)
        let exchange = FetchExchange(maxBody: 0, egress: policy.egress)
        exchange.install(on: easy)
        return try withExtendedLifetime((target, exchange)) {
            let code = curl_easy_perform(easy)
            guard code == CURLE_OK else {
                throw UpstreamError(
                    stage: .notSent, reason: .connect, detail: String(cString: curl_easy_strerror(code)))
            }
            return lines(of: easy).lazy.compactMap(end).first
        }
    }

    /// What libcurl tells of the server's own certificate, as `name:value`.
    private static func lines(of easy: UnsafeMutableRawPointer) -> [String] {
        var found: UnsafeMutableRawPointer?
        guard ccurl_get_pointer(easy, CURLINFO_CERTINFO, &found) == CURLE_OK,
            let chain = found?.assumingMemoryBound(to: curl_certinfo.self).pointee, chain.num_of_certs > 0
        else { return [] }
        var lines: [String] = []
        var next = chain.certinfo?.pointee
        while let line = next {
            if let text = line.pointee.data { lines.append(String(cString: text)) }
            next = line.pointee.next
        }
        return lines
    }

    /// Reads `Expire date:Nov  6 21:00:00 2026 GMT`.
    static func end(_ line: String) -> Timestamp? {
        let parts = line.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, parts[0] == "Expire date" else { return nil }
        let words = parts[1].split(separator: " ")
        guard words.count == 5, words[4] == "GMT", let month = months.firstIndex(of: String(words[0])) else {
            return nil
        }
        let padded = { (text: String) in text.count == 1 ? "0" + text : text }
        let date = "\(words[3])-\(padded(String(month + 1)))-\(padded(String(words[1])))"
        return Timestamp(rfc3339: "\(date)T\(words[2])Z")
    }
}
