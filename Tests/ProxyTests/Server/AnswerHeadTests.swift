import NIOCore
import NIOHTTP1
import Testing

@testable import Proxy

struct AnswerHeadTests {
    private func head(
        _ status: Int = 200, version: HTTPVersion = .http1_1, isChunked: Bool = false, isLast: Bool = false,
        _ fill: (inout AnswerHead) -> Void = { _ in }
    ) -> String {
        var head = AnswerHead(status: status, version: version, after: ByteBuffer())
        fill(&head)
        return String(buffer: head.end(isChunked: isChunked, isLast: isLast))
    }

    private func value(_ fill: (inout AnswerHead) -> Void) -> Substring {
        // A line's end is one character.
        head(200, fill).dropFirst("HTTP/1.1 200 OK\r\nx-a: ".count).dropLast(2)
    }

    @Test func `a head has a status line, its fields and an empty line`() {
        let text = head {
            $0.add("x-request-id", "req_1")
            $0.add(bodyBytes: 2)
        }
        #expect(text == "HTTP/1.1 200 OK\r\nx-request-id: req_1\r\ncontent-length: 2\r\n\r\n")
    }

    @Test func `it goes behind what waits already`() {
        let head = AnswerHead(status: 204, version: .http1_1, after: ByteBuffer(string: "before "))
        let bytes = head.end(isChunked: false, isLast: false)
        #expect(String(buffer: bytes) == "before HTTP/1.1 204 No Content\r\n\r\n")
    }

    @Test(arguments: [(404, "404 Not Found"), (429, "429 Too Many Requests"), (503, "503 Service Unavailable")])
    func `other statuses have their reason`(status: Int, line: String) {
        #expect(head(status) == "HTTP/1.1 \(line)\r\n\r\n")
    }

    @Test func `chunks and the last answer of a connection are announced`() {
        #expect(
            head(isChunked: true, isLast: true)
                == "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n")
        #expect(head(version: .http1_0, isLast: true) == "HTTP/1.0 200 OK\r\nconnection: close\r\n\r\n")
    }

    @Test func `a value longer than any name may be is cut, unless a backend said it`() {
        #expect(value { $0.add("x-a", String(repeating: "n", count: 1024)) }.utf8.count == 1024)
        #expect(value { $0.add("x-a", String(repeating: "n", count: 100_000)) }.utf8.count == 1024)
        #expect(value { $0.add(fields: [("x-a", String(repeating: "n", count: 2000))]) }.utf8.count == 2000)
    }

    @Test(arguments: ["a\r\nset-cookie: b", "a\n\nb", "a\u{0}b\u{7F}"])
    func `no value can end its line`(value: String) {
        for text in [
            head {
                $0.add("x-a", value)
                $0.add("x-b", "ü")
            },
            head { $0.add(fields: [("x-a", value), ("x-b", "ü")]) },
        ] {
            #expect(text.split(separator: "\r\n", omittingEmptySubsequences: false).count == 5)
            #expect(!text.dropLast(4).utf8.contains { $0 == 0 || $0 == 0x7F })
            #expect(text.contains("x-b: ü\r\n"))
        }
    }

    @Test func `it knows whether it says how long the body is`() {
        func hasLength(_ fill: (inout AnswerHead) -> Void) -> Bool {
            var head = AnswerHead(status: 200, version: .http1_1, after: ByteBuffer())
            head.add("content-type", "text/plain")
            fill(&head)
            return head.hasLength
        }
        #expect(!hasLength { _ in })
        #expect(hasLength { $0.add(bodyBytes: 0) })
        #expect(hasLength { $0.add(fields: [("content-length", "0")]) })
    }

    @Test(arguments: [0, 9, 10, 1_234_567_890, -1, Int64.max, Int64.min])
    func `numbers are written in full`(number: Int64) {
        #expect(value { $0.add("x-a", number) } == String(number))
    }

    @Test(arguments: [
        (-5, "0ms"), (0, "0ms"), (20, "20ms"), (999, "999ms"), (1000, "1s"), (1001, "2s"), (59_000, "59s"),
        (60_000, "1m0s"), (360_000, "6m0s"), (3_600_000, "1h0m0s"), (90_061_000, "25h1m1s"),
        (Int64.max, "2562047788015h12m56s"),
    ])
    func `durations are written as the SDKs know them`(_ milliseconds: Int64, _ text: String) {
        #expect(value { $0.add("x-a", milliseconds: milliseconds) } == text)
    }
}
