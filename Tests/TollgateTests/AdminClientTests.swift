import Testing

@testable import Tollgate

@Suite struct AdminClientTests {
    private func client(_ status: Int, _ body: String) -> AdminClient {
        AdminClient { _, _, _ in AdminAnswer(status: status, body: Array(body.utf8)) }
    }

    @Test func `a list is read page by page`() throws {
        let client = AdminClient { _, path, _ in
            let pages = [
                "/pools?limit=1000": #"{"data":[{"name":"a"}],"has_more":true,"next":"a b"}"#,
                "/pools?limit=1000&after=a%20b": #"{"data":[{"name":"b"}],"has_more":false,"next":null}"#,
            ]
            return AdminAnswer(status: 200, body: Array((pages[path] ?? "").utf8))
        }
        #expect(try client.list("/pools").map { $0["name"].plain } == ["a", "b"])
    }

    @Test func `a refusal is told in the server's words, every wrong field included`() {
        let body = """
            {"detail":"/limit is wrong","code":"invalid_request","errors":[{"pointer":"/limit","detail":"is wrong"},
            {"pointer":"/window","detail":"is required"}]}
            """
        let failure = #expect(throws: CommandFailure.self) { try client(400, body).call("POST", "/budgets") }
        #expect(failure?.status == .failed)
        #expect(
            failure?.description
                == "/limit is wrong (invalid_request)\n  /limit: is wrong\n  /window: is required")
    }

    @Test func `a refusal that is no problem document still says what was refused`() {
        let failure = #expect(throws: CommandFailure.self) { try client(404, "<html>").call("GET", "/pools/a") }
        #expect(failure == CommandFailure(.notFound, "GET /pools/a: status 404"))
    }

    @Test func `what replaces something carries the tag of what was read, and a refusal says what to do`() throws {
        let client = AdminClient(conditional: { method, _, _, tag in
            if method == "GET" { return AdminAnswer(status: 200, body: Array("{}".utf8), etag: "\"7\"") }
            return AdminAnswer(status: tag == "\"7\"" ? 412 : 200, body: Array(#"{"detail":"x"}"#.utf8))
        })
        let read = try client.read("/models/m")
        #expect(read.value == .object([:]) && read.tag == "\"7\"")
        let failure = #expect(throws: CommandFailure.self) {
            try client.call("PUT", "/models/m", .object([:]), ifMatch: read.tag)
        }
        #expect(failure?.status == .conflict && failure?.description.contains("run the command again") == true)
    }

    @Test func `an answer that is no JSON is a failure, an empty one is null`() throws {
        #expect(throws: CommandFailure.self) { try client(200, "hello").call("GET", "/pools") }
        #expect(try client(204, "").call("DELETE", "/pools/a") == .null)
    }

    @Test func `a tenant is found by name unless it is archived`() throws {
        let body = """
            {"data":[{"id":"ten_1","name":"a","archived_at":"2026-01-01T00:00:00Z"},
            {"id":"ten_2","name":"a","archived_at":null}],"has_more":false,"next":null}
            """
        #expect(try client(200, body).tenantID("a") == "ten_2")
        #expect(try client(200, body).tenantID("ten_9") == "ten_9")
        let failure = #expect(throws: CommandFailure.self) { try client(200, body).tenantID("b") }
        #expect(failure?.status == .notFound)
    }

    @Test func `names in paths are escaped`() {
        #expect(PathText.join("pools", "a/b c", "backends") == "/pools/a%2Fb%20c/backends")
        #expect(PathText.rest("meta/llama:8b", of: "models") == "/models/meta/llama%3A8b")
    }
}
