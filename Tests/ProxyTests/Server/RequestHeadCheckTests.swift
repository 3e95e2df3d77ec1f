import NIOHTTP1
import Testing

@testable import Proxy

/// Which request heads are turned away before anything acts on them.
struct RequestHeadCheckTests {
    private func outcome(
        _ fields: [(String, String)], method: HTTPMethod = .POST, host: String = "a", target: String = "/v1/models",
        version: HTTPVersion = .http1_1
    ) -> String {
        let head = HTTPRequestHead(
            version: version, method: method, uri: target, headers: HTTPHeaders([("Host", host)] + fields))
        return RequestHeadCheck.denial(for: head, maxBody: 1000).map {
            String(ErrorResponse($0, shape: .openAI).status)
        } ?? "ok"
    }

    @Test
    func `a plain head passes`() {
        #expect(outcome([("content-length", "1000")]) == "ok")
        #expect(outcome([("transfer-encoding", "chunked")]) == "ok")
    }

    /// To compare two texts with many marks on a letter takes the square of their number.
    @Test
    func `a head has few bytes beyond ASCII, be they escaped or not`() {
        let (few, many) = (String(repeating: "\u{301}", count: 512), String(repeating: "\u{316}", count: 513))
        #expect(outcome([("x", few)]) == "ok" && outcome([], target: "/" + few) == "ok")
        #expect(outcome([("expect", many)]) == "431" && outcome([], target: "/" + many) == "431")
        #expect(outcome([("x", few), ("y", few)]) == "431")
        #expect(outcome([], target: "/" + String(repeating: "%cc%81", count: 512)) == "ok")
        #expect(outcome([], target: "/?" + String(repeating: "%CC%81", count: 513)) == "431")
    }

    @Test
    func `a body over the limit is refused by its length`() {
        #expect(outcome([("content-length", "1001")]) == "413")
        #expect(outcome([("content-length", "99999999999999999999")]) == "413")
    }

    @Test(arguments: ["", "1, 1", "+1", "-1", "0x1", "1 "])
    func `a length must be one decimal number`(_ length: String) {
        #expect(outcome([("content-length", length)]) == "400")
    }

    @Test
    func `doubtful framing is refused`() {
        #expect(outcome([("content-length", "1"), ("content-length", "1")]) == "400")
        #expect(outcome([("content-length", "1"), ("transfer-encoding", "chunked")]) == "400")
        #expect(outcome([("transfer-encoding", "gzip, chunked")]) == "400")
        #expect(outcome([("host", "b")]) == "400")
        #expect(outcome([("host", "a")], version: .http1_0) == "400")
    }

    @Test
    func `a second credential is refused, whatever it is`() {
        #expect(outcome([("authorization", "Bearer a")]) == "ok")
        #expect(outcome([("authorization", "Bearer a"), ("Authorization", "Bearer a")]) == "400")
        #expect(outcome([("authorization", "Bearer a"), ("x-api-key", "a")]) == "ok")
    }

    @Test
    func `control characters, expectations and tunnels are refused`() {
        #expect(outcome([("x-a", "b\u{1}")]) == "400")
        #expect(outcome([("expect", "100-continue")]) == "ok")
        #expect(outcome([("expect", "a-miracle")]) == "417")
        #expect(outcome([], method: .CONNECT) == "417")
    }

    @Test
    func `too many or too large fields are refused`() {
        #expect(outcome((0..<100).map { ("x-\($0)", "1") }) == "431")
        #expect(outcome([("x-a", String(repeating: "b", count: 70_000))]) == "431")
    }

    @Test(arguments: ["a", "a:80", "a:", "[::1]:80", "127.0.0.1:8080", "a.b-c_d~e", "a%41"])
    func `a host is a name or an address, and a port`(_ host: String) {
        #expect(outcome([], host: host) == "ok")
        #expect(outcome([], host: host + " \t") == "ok")
        #expect(outcome([], target: "http://\(host)/v1/models") == "ok")
    }

    @Test(arguments: [
        "", ".", ":", ":80", "a b", "a@b", "a,b", "a:b", "a:80:81", "a:-1", "[::1", "[]", "[::1]x", "a{b}", "a%4",
        "a%zz",
        "ä", "a:1234567",
    ])
    func `anything else is no host`(_ host: String) {
        #expect(outcome([], host: host) == "400")
        #expect(outcome([], target: "http://\(host)/v1/models") == "400")
    }
}
