import NIOCore
import Testing

@testable import Proxy

@Suite("HTTPFetch")
struct HTTPFetchTests {
    private func fetch(_ url: String, method: String = "POST", timeoutMS: Int64 = 30_000) throws -> HTTPFetch.Response {
        try HTTPFetch.run(
            method: method, url: url, headers: [("X-A", "b")], body: Array("hello".utf8), timeoutMS: timeoutMS,
            maxBody: 1000)
    }

    private func failure(_ url: String, timeoutMS: Int64 = 30_000) -> UpstreamError? {
        do {
            _ = try fetch(url, timeoutMS: timeoutMS)
            return nil
        } catch {
            return error as? UpstreamError
        }
    }

    @Test("a call returns status, headers and body, and redirects are not followed")
    func answers() async throws {
        let server = try await LoopbackServer { received, channel in
            let body = String(buffer: received.body)
            channel.send(LoopbackServer.answer(body, status: "307 Elsewhere", headers: "Location: /x\r\n"))
        }
        let response = try fetch(server.url)
        #expect(response.status == 307)
        #expect(response.headers.contains { $0.0 == "location" && $0.1 == "/x" })
        #expect(response.body == Array("hello".utf8))
        #expect(try fetch(server.url, method: "GET").body.isEmpty)
        try await server.stop()
    }

    @Test("a body over the limit, silence and a refused port are errors of their own")
    func failures() async throws {
        let server = try await LoopbackServer { received, channel in
            guard received.head.hasPrefix("POST /big") else { return }
            channel.send(LoopbackServer.answer(String(repeating: "a", count: 1001)))
        }
        #expect(failure(server.url + "/big")?.reason == .tooLarge)
        let silent = failure(server.url + "/silent", timeoutMS: 100)
        #expect(silent?.stage == .unanswered)
        #expect(silent?.isTimeout == true)
        try await server.stop()
        #expect(failure(server.url)?.reason == .connect)
        #expect(failure(server.url)?.stage == .notSent)
        #expect(failure("gopher://127.0.0.1/")?.reason == .invalidURL)
    }
}
