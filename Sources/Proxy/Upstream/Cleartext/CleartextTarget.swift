import CCurl
import NIOCore

/// Where the calls to one `http` URL go: taken apart once, with the head last sent there.
final class CleartextTarget {
    /// The connections it shares with the other URLs of its host and port.
    let pool: CleartextPool
    private let path: String
    private let hostField: String
    private var known: (method: String, headers: [(String, String)], bytes: ByteBuffer)?

    /// Nil if the URL is not for us: another scheme, a user, or an address of one network interface.
    init?(_ url: CurlURL, pool: (CleartextOrigin) -> CleartextPool) {
        guard url.part(CURLUPART_SCHEME) == "http", url.part(CURLUPART_USER) == nil, url.part(CURLUPART_ZONEID) == nil,
            let host = url.part(CURLUPART_HOST), !host.isEmpty, let path = url.part(CURLUPART_PATH)
        else { return nil }
        let port = url.part(CURLUPART_PORT).flatMap { Int($0) }
        self.pool = pool(CleartextOrigin(host: host, port: port ?? 80))
        self.path = url.part(CURLUPART_QUERY).map { "\(path)?\($0)" } ?? path
        hostField = port.map { "\(host):\($0)" } ?? host
    }

    /// What goes out for the request, as far as its body, unless that is small and in it; nil if its method or a header
    /// is not allowed in HTTP.
    func message(for request: UpstreamRequest) -> CleartextMessage? {
        guard let lead = lead(request.method, request.headers) else { return nil }
        return CleartextMessage(request, lead: lead)
    }

    /// The request line and the fields that do not depend on the body. Judged and built once as long as nothing
    /// changes, which from one call to the next it mostly does not.
    private func lead(_ method: String, _ headers: [(String, String)]) -> ByteBuffer? {
        if let known, known.method == method, known.headers.elementsEqual(headers, by: ==) { return known.bytes }
        guard FieldSyntax.isMethod(method) else { return nil }
        var bytes = ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\nhost: \(hostField)\r\n")
        for (name, value) in headers {
            guard FieldSyntax.isName(name), FieldSyntax.isValue(value) else { return nil }
            if !FieldSyntax.isFraming(name) { bytes.writeString("\(name): \(value)\r\n") }
        }
        if !headers.contains(where: { FieldName.matches($0.0, "accept") }) { bytes.writeString("accept: */*\r\n") }
        known = (method, headers, bytes)
        return bytes
    }
}
