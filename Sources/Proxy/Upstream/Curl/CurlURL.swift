import CCurl

/// A target URL parsed once and shared by every call to it, with the last header list sent there.
final class CurlURL {
    let pointer: OpaquePointer
    private var lastHeaders: CurlHeaderList?

    /// Nil unless the text is an absolute http or https URL with a host.
    init?(_ text: String) {
        guard CurlGlobal.isReady, let parsed = curl_url() else { return nil }
        guard curl_url_set(parsed, CURLUPART_URL, text, UInt32(CURLU_PATH_AS_IS)) == CURLUE_OK,
            Self.hasWebScheme(parsed)
        else {
            curl_url_cleanup(parsed)
            return nil
        }
        pointer = parsed
    }

    deinit {
        curl_url_cleanup(pointer)
    }

    /// The headers as a libcurl list, the previous one if nothing changed; nil if a header is not allowed on the wire.
    func headerList(_ headers: [(String, String)]) -> CurlHeaderList? {
        if let lastHeaders, lastHeaders.holds(headers) {
            return lastHeaders
        }
        let list = CurlHeaderList(headers)
        lastHeaders = list
        return list
    }

    /// One part of the URL as text; nil if it has none.
    func part(_ part: CURLUPart) -> String? {
        Self.part(part, of: pointer)
    }

    private static func hasWebScheme(_ url: OpaquePointer) -> Bool {
        let scheme = part(CURLUPART_SCHEME, of: url)
        return scheme == "http" || scheme == "https"
    }

    private static func part(_ part: CURLUPart, of url: OpaquePointer) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, 0) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }
}
