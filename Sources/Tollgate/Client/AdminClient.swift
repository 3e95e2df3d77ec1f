import Proxy

/// Calls the Admin API, one call at a time, and turns its refusals into failures people can read.
struct AdminClient: Sendable {
    /// Carries out one call: method, path below `/admin/v1` with its query, body.
    typealias Transport = @Sendable (String, String, JSONValue?) throws -> AdminAnswer

    /// The same on condition that the resource still has the tag that was read.
    typealias Conditional = @Sendable (String, String, JSONValue?, String?) throws -> AdminAnswer

    private static let pageSize = 1000
    /// The same with a body of bytes, such as a file's.
    typealias Upload = @Sendable (String, String, [UInt8]?) throws -> AdminAnswer

    /// Carries out one GET whose body is handed over piece by piece; what the receiver returns says whether to go on.
    typealias Download = @Sendable (String, @escaping (UnsafeRawBufferPointer) -> Bool) throws -> AdminAnswer

    private let transport: Conditional
    private let upload: Upload
    private let fetch: Download?

    /// A client over any transport, without conditions.
    init(transport: @escaping Transport) {
        self.init(conditional: { method, path, body, _ in try transport(method, path, body) })
    }

    /// A client over any transport.
    init(conditional transport: @escaping Conditional) {
        self.transport = transport
        fetch = nil
        upload = { method, path, bytes in try transport(method, path, bytes.flatMap { JSONValue(bytes: $0) }, nil) }
    }

    /// A client of the gateway at `url`, such as `http://127.0.0.1:8081`. `caFile` is a PEM file of authorities that
    /// are trusted beside the system's.
    init(url: String, key: String, caFile: String? = nil) {
        var base = url
        while base.hasSuffix("/") { base.removeLast() }
        let root = base + "/admin/v1"
        let policy = Self.policy(caFile: caFile)
        let send: @Sendable (String, String, [UInt8]?, String?) throws -> AdminAnswer = { method, path, body, tag in
            var headers = [("authorization", "Bearer \(key)"), ("accept", "application/json")]
            if body != nil { headers.append(("content-type", "application/json")) }
            if let tag { headers.append(("if-match", tag)) }
            do {
                let response = try HTTPFetch.run(
                    method: method, url: root + path, headers: headers, body: body ?? [], timeoutMS: 60_000,
                    maxBody: 256 * 1024 * 1024, policy: policy)
                let tag = response.headers.first { $0.0 == "etag" }?.1
                return AdminAnswer(status: response.status, body: response.body, etag: tag)
            } catch {
                let isUnknown = (error as? UpstreamError)?.stage != .notSent && method != "GET"
                let hint = isUnknown ? "; whether the change was made is not known" : ""
                throw CommandFailure(.failed, "\(method) \(root)\(path): \(error)\(hint)")
            }
        }
        upload = { method, path, body in try send(method, path, body, nil) }
        transport = { method, path, body, tag in try send(method, path, body?.bytes, tag) }
        fetch = { path, receive in
            do {
                // A month takes as long as it takes.
                let response = try HTTPFetch.run(
                    method: "GET", url: root + path, headers: [("authorization", "Bearer \(key)")], body: [],
                    timeoutMS: 0, maxBody: 1024 * 1024, policy: policy, sink: receive)
                return AdminAnswer(status: response.status, body: response.body)
            } catch {
                throw CommandFailure(.failed, "GET \(root)\(path): \(error)")
            }
        }
    }

    /// The operator names the address, so none is out of bounds.
    private static func policy(caFile: String?) -> UpstreamPolicy {
        var policy = UpstreamPolicy()
        policy.caFile = caFile
        policy.egress.allowsLinkLocal = true
        return policy
    }

    /// Hands over the body of an answer as it comes; throws `CommandFailure` for a refusal, and for an answer that
    /// broke off.
    func download(_ path: String, _ receive: @escaping (UnsafeRawBufferPointer) -> Bool) throws {
        guard let fetch else { throw CommandFailure(.failed, "GET \(path): no download") }
        let answer = try fetch(path, receive)
        guard (200...299).contains(answer.status) else { throw Self.failure(answer, "GET \(path)") }
    }

    /// The answer's body, null if it has none; throws `CommandFailure` for a refusal.
    ///
    /// - Parameter tag: what `read` gave; somebody else's change since then is a refusal.
    @discardableResult
    func call(
        _ method: String, _ path: String, _ body: JSONValue? = nil, ifMatch tag: String? = nil
    ) throws -> JSONValue {
        try Self.value(try transport(method, path, body, tag), method, path)
    }

    /// One resource, and the tag of what was read.
    func read(_ path: String) throws -> (value: JSONValue, tag: String?) {
        let answer = try transport("GET", path, nil, nil)
        return (try Self.value(answer, "GET", path), answer.etag)
    }

    /// The same for a body that goes out byte by byte as it is.
    func send(_ method: String, _ path: String, _ bytes: [UInt8]) throws -> JSONValue {
        try Self.value(try upload(method, path, bytes), method, path)
    }

    private static func value(_ answer: AdminAnswer, _ method: String, _ path: String) throws -> JSONValue {
        guard (200...299).contains(answer.status) else { throw failure(answer, "\(method) \(path)") }
        if answer.body.isEmpty { return .null }
        guard let value = JSONValue(bytes: answer.body) else {
            throw CommandFailure(.failed, "\(method) \(path): the answer is not JSON; is this the Admin API?")
        }
        return value
    }

    /// All entries of a list, page by page.
    func list(_ path: String) throws -> [JSONValue] {
        let separator = path.contains("?") ? "&" : "?"
        var entries: [JSONValue] = []
        var after = ""
        while true {
            let page = try call("GET", "\(path)\(separator)limit=\(Self.pageSize)\(after)")
            entries += page["data"].items
            guard page["has_more"] == .bool(true), let next = page["next"].string else { return entries }
            after = "&after=" + PercentCoding.encoded(next)
        }
    }

    /// A refusal in words: the problem's detail, then every field that is wrong.
    private static func failure(_ answer: AdminAnswer, _ call: String) -> CommandFailure {
        let status = ExitStatus(httpStatus: answer.status)
        guard answer.status != 412 else {
            return CommandFailure(
                status,
                "\(call): somebody else changed it after it was read, and nothing was changed now; look at it, and run "
                    + "the command again if it still holds")
        }
        guard let problem = JSONValue(bytes: answer.body), let detail = problem["detail"].string else {
            return CommandFailure(status, "\(call): status \(answer.status)")
        }
        let code = problem["code"].string.map { " (\($0))" } ?? ""
        let lines = problem["errors"].items.map { "  \($0["pointer"].plain): \($0["detail"].plain)" }
        // One alone is what the detail says already.
        return CommandFailure(status, ([detail + code] + (lines.count > 1 ? lines : [])).joined(separator: "\n"))
    }
}
