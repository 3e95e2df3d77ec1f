import Billing
public import NIOCore
import Tenancy

/// The one line a request leaves in the log: who, what, where and how it ended; never content, and no name that the
/// gateway does not know.
public struct RequestLine: Sendable {
    let id: RequestID
    let at: Timestamp
    var clientID = ""
    var tenant: ID<Tenant>?
    var key: ID<APIKey>?
    /// The path, as the gateway calls it; empty if there is none of it.
    var route = ""
    var model = ""
    var pool = ""
    var backend = ""
    var isStream = false
    /// Attempts made.
    var attempts = 0
    /// The answer's HTTP status; 0 when there was no answer.
    var status = 0
    /// The word that counts it in `tollgate_requests_total`.
    var outcome = ""
    /// The code of a refusal; empty if it is none.
    var code = ""
    /// Where the usage comes from; empty without a settled attempt.
    var provenance = ""
    var usage = TokenUsage.zero
    var cost = Money.zero
    /// Time the gateway itself took, in nanoseconds; nil without an answer of a backend.
    var overhead: Int64?
    /// From its head to its end, in nanoseconds.
    var duration: Int64 = 0

    /// A line of a request that ends now, before anything else is known of it.
    init(_ id: RequestID, at: Timestamp, outcome: String) {
        self.id = id
        self.at = at
        self.outcome = outcome
    }

    /// A line of what is known of a request that ends now.
    init(_ request: IncomingRequest, _ principal: Principal?, outcome: String, plane: DataPlane) {
        self.init(request.id, at: plane.time.now(), outcome: outcome)
        clientID = request.clientRequestID
        tenant = principal?.tenant.tenant.id
        key = principal?.key.key.id
        route = request.route.name
        duration = plane.time.uptime() - request.startedAt
    }

    /// Says which refusal it was.
    mutating func refused(_ denial: Denial) {
        let words = DenialWords(denial)
        status = words.status
        code = words.code
    }

    /// The whole line as a JSON object, without a line end.
    public func json() -> ByteBuffer {
        var json = JSONWriter(capacity: 768)
        json.object { json in
            json.member("time", at.rfc3339)
            json.member("level", "info")
            json.member("logger", "tollgate")
            json.member("message", "request ended")
            json.member("request_id", id.text)
            json.known("client_request_id", clientID)
            json.known("tenant", tenant?.text ?? "")
            json.known("key", key?.text ?? "")
            json.known("route", route)
            json.known("model", model)
            json.known("pool", pool)
            json.known("backend", backend)
            json.key("stream")
            json.bool(isStream)
            json.member("attempts", Int64(clamping: attempts))
            json.member("status", Int64(clamping: status))
            json.member("outcome", outcome)
            json.known("code", code)
            json.known("provenance", provenance)
            json.key("tokens")
            json.object { json in
                for meter in Meter.allCases where usage[meter] > 0 {
                    json.key(text: meter.rawValue)
                    json.integer(usage[meter])
                }
            }
            json.member("cost", cost.decimal)
            if let overhead { json.member("overhead_us", overhead / 1000) }
            json.member("duration_us", duration / 1000)
        }
        return json.buffer
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
    }

    fileprivate mutating func member(_ name: StaticString, _ value: Int64) {
        key(name)
        integer(value)
    }

    /// Nothing where nothing is known.
    fileprivate mutating func known(_ name: StaticString, _ value: String) {
        if !value.isEmpty { member(name, value) }
    }
}
