import Testing

@testable import Proxy

@Suite("ResponseHeadParser")
struct ResponseHeadParserTests {
    private func parse(_ lines: [String]) -> (head: UpstreamHead?, isMalformed: Bool) {
        var parser = ResponseHeadParser()
        var head: UpstreamHead?
        for line in lines {
            let progress = Array((line + "\r\n").utf8).withUnsafeBytes { parser.take($0) }
            switch progress {
            case .more: break
            case .complete(let complete): head = complete
            case .malformed: return (head, true)
            }
        }
        return (head, false)
    }

    @Test("status, lower-cased names and trimmed values are read")
    func readsHead() {
        let (head, isMalformed) = parse(["HTTP/2 429 ", "Retry-After:  7 ", "X-Empty:", "X-Fold: a", " b", ""])
        #expect(!isMalformed)
        #expect(head?.status == 429)
        #expect(head?.first("retry-after") == "7")
        #expect(head?.first("x-empty") == "")
        #expect(head?.first("x-fold") == "a b")
        #expect(head?.first("absent") == nil)
    }

    @Test("interim heads are forgotten and trailers ignored")
    func skips() {
        let (head, isMalformed) = parse(
            ["HTTP/1.1 100 Continue", "X-I: 1", "", "HTTP/1.1 200 OK", "X-F: 2", "", "X-Trailer: 3", ""])
        #expect(!isMalformed)
        #expect(head?.status == 200)
        #expect(head?.headers.map(\.0) == ["x-f"])
    }

    @Test(
        "nonsense is malformed",
        arguments: [
            ["HTTP/1.1"], ["HTTP/1.1 20 OK"], ["HTTP/1.1 2x0 OK"], ["HTTP/1.1 099 OK"], ["X: y"], [""],
            ["HTTP/1.1 200 OK", "no colon"], ["HTTP/1.1 200 OK", ": no name"], ["HTTP/1.1 200 OK", " fold"],
        ])
    func nonsense(_ lines: [String]) {
        #expect(parse(lines).isMalformed)
    }

    @Test("64 KiB of headers is the limit, interim heads included")
    func limit() {
        let one = ["HTTP/1.1 102 Processing", "X: " + String(repeating: "a", count: 1000), ""]
        let interim = Array(repeating: one, count: 70)
        #expect(parse(interim.flatMap { $0 }).isMalformed)
        #expect(!parse(interim.prefix(60).flatMap { $0 }).isMalformed)
    }
}
