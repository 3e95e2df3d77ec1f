import Testing

@testable import Proxy

@Suite("ResponseHeadParser")
struct ResponseHeadParserTests {
    private func parse(_ lines: [String]) -> (head: UpstreamHead?, isMalformed: Bool) {
        let (head, isMalformed, _) = read(lines)
        return (head, isMalformed)
    }

    private func read(_ lines: [String]) -> (head: UpstreamHead?, isMalformed: Bool, framing: ResponseFraming) {
        var parser = ResponseHeadParser()
        var head: UpstreamHead?
        for line in lines {
            let progress = Array((line + "\r\n").utf8).withUnsafeBytes { parser.take($0) }
            switch progress {
            case .more: break
            case .complete(let complete): head = complete
            case .malformed: return (head, true, parser.framing)
            }
        }
        return (head, false, parser.framing)
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

    @Test("a folded line counts for what it says of the body")
    func foldedFraming() {
        let framing = read(["HTTP/1.1 200 OK", "Content-Encoding:", " gzip", "Content-Length: 1", " 2", ""]).framing
        #expect(framing.isCoded && framing.length == nil)
        let late = read(["HTTP/1.1 200 OK", "Content-Length:", " 12", ""])
        #expect(late.framing.length == 12)
        #expect(late.head?.first("content-length") == "12")
        let chunked = read(["HTTP/1.1 200 OK", "Transfer-Encoding:", " chunked", ""]).framing
        #expect(chunked.isChunked && !chunked.isCoded)
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
            ["HTTP/1.1 101 Switching Protocols", "Upgrade: x", ""],
        ])
    func nonsense(_ lines: [String]) {
        #expect(parse(lines).isMalformed)
    }

    @Test("64 KiB of headers is the limit, interim heads included")
    func limit() {
        let interim = ["HTTP/1.1 102 Processing", "X: " + String(repeating: "a", count: 4000), ""]
        let interims = Array(repeating: interim, count: 16).flatMap { $0 }
        let line = "X: " + String(repeating: "a", count: 900)
        #expect(parse(interims + ["HTTP/1.1 200 OK"] + [line, ""]).head?.status == 200)
        #expect(parse(interims + ["HTTP/1.1 200 OK"] + [line, line, ""]).isMalformed)
    }

    @Test("one line of a head, or of the trailers, has at most 16 KiB")
    func lineLimit() {
        let fits = "X: " + String(repeating: "a", count: 16 * 1024 - 3)
        for lines in [["HTTP/1.1 200 OK", fits, ""], ["HTTP/1.1 200 OK", "", fits]] {
            #expect(!parse(lines).isMalformed)
            #expect(parse(lines.map { $0 == fits ? fits + "a" : $0 }).isMalformed)
        }
        #expect(parse(["HTTP/1.1 200 " + String(repeating: "a", count: 16 * 1024)]).isMalformed)
    }

    @Test("16 interim heads are taken, one more is malformed")
    func interimHeads() {
        let interim = ["HTTP/1.1 103 Early Hints", ""]
        let most = Array(repeating: interim, count: 16).flatMap { $0 }
        #expect(parse(most + ["HTTP/1.1 200 OK", ""]).head?.status == 200)
        #expect(parse(most + interim).isMalformed)
    }

    @Test(
        "a head that leaves open where its body ends is malformed",
        arguments: [
            ["Content-Length: 7", "Content-Length: 8"], ["Content-Length: 7", "Transfer-Encoding: chunked"],
            ["Transfer-Encoding: chunked", "Content-Length: 7"], ["Content-Length: 7", "Content-Length: x"],
            ["Content-Length: x"], ["Content-Length: 7, 7"], ["Content-Length: 7x"], ["Content-Length: +7"],
            ["Content-Length: -7"], ["Content-Length: 9223372036854775808"], ["Content-Length: 7", " 8"],
            ["Transfer-Encoding: chunked", "Transfer-Encoding:"], ["Transfer-Encoding: chunked", " x"],
            ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ])
    func openEnd(_ headers: [String]) {
        #expect(parse(["HTTP/1.1 200 OK"] + headers + [""]).isMalformed)
        #expect(parse(["HTTP/1.1 100 Continue"] + headers + ["", "HTTP/1.1 200 OK", ""]).head?.status == 200)
        #expect(!parse(["HTTP/1.1 200 OK", "Content-Length: 7", "Content-Length: 7", ""]).isMalformed)
        let chunks = "Transfer-Encoding: chunked"
        #expect(!parse(["HTTP/1.1 200 OK", chunks, chunks, ""]).isMalformed)
    }

    @Test(
        "the head tells how its body ends and whether it is coded",
        arguments: [
            (["Content-Length: 7"], false, false, 7), (["Content-Length: x"], false, false, nil),
            (["Transfer-Encoding: Chunked"], true, false, nil), (["Transfer-Encoding: identity"], false, false, nil),
            (["Transfer-Encoding: gzip, chunked"], false, true, nil),
            (["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"], true, true, nil),
            (["Transfer-Encoding: chunked", "Transfer-Encoding:"], true, false, nil),
            (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], true, false, nil),
            (["Content-Encoding: gzip"], false, true, nil), (["Content-Encoding: br, identity"], false, true, nil),
            (["content-encoding: Identity"], false, false, nil), (["Content-Encoding:"], false, false, nil),
            (["Content-Encoding: zstd", "Content-Encoding: identity"], false, true, nil),
        ] as [([String], Bool, Bool, Int64?)])
    func framing(_ headers: [String], isChunked: Bool, isCoded: Bool, length: Int64?) {
        let framing = read(["HTTP/1.1 200 OK"] + headers + [""]).framing
        #expect(framing.isChunked == isChunked)
        #expect(framing.isCoded == isCoded)
        #expect(framing.length == length)
        #expect(!framing.isStreamed)
    }

    @Test("an interim head says nothing of the body, and some statuses have none")
    func framingOfHeads() {
        let interim = ["HTTP/1.1 103 Early Hints", "Content-Encoding: gzip", "Content-Length: 1", ""]
        #expect(read(interim + ["HTTP/1.1 200 OK", ""]).framing == ResponseFraming())
        #expect(read(["HTTP/1.1 204 No Content", "Content-Length: 5", ""]).framing.length == 0)
        #expect(read(["HTTP/1.1 304 Not Modified", ""]).framing.length == 0)
        #expect(read(["HTTP/2 200", ""]).framing.isStreamed)
    }
}
