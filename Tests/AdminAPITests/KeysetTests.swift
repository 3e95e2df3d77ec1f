import Foundation
import Testing

@testable import AdminAPI

@Suite struct KeysetTests {
    /// All ids of a list, read two at a time; `between` is given those of the first page once it is read.
    private func walk(
        _ client: AdminClient,
        _ path: String,
        _ name: String,
        between: ([String]) async throws -> Void
    ) async throws -> [String] {
        let speaksOpenAI = Problem.speaksOpenAI(path)
        var ids: [String] = []
        var query = "limit=2"
        while true {
            let page = try await client.raw(
                "GET", (speaksOpenAI ? "" : "/admin/v1") + path + (path.contains("?") ? "&" : "?") + query,
                authorization: client.bearer)
            #expect(page.status == 200)
            let isFirst = ids.isEmpty
            ids += page.names(name)
            if isFirst { try await between(ids) }
            guard page["has_more"] == true else { return ids }
            let next = page.text(speaksOpenAI ? "last_id" : "next")
            query = "limit=2&after=" + (next.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")
        }
    }

    /// One list: how an entry is made from a name, and what names it in the list.
    private struct List {
        let path: String
        let name: String
        let make: (String) async throws -> String
        /// Where one is deleted; nil for what is never deleted.
        var below: String?
        /// What stands before that.
        var root = "/admin/v1"
        /// Entries that were there before may go too.
        var isAllOurs = false
    }

    private func post(_ client: AdminClient, _ path: String, _ body: String, _ name: String = "id") async throws
        -> String
    {
        let answer = try await client.call("POST", path, body)
        #expect(answer.status == 201, Comment(rawValue: path + answer.body.text))
        return answer.text(name)
    }

    private func price(_ client: AdminClient, _ day: String) async throws -> String {
        let body = #""effective_from":"2026-01-\#(day)T00:00:00Z","per_million":{"input":"1","output":"1"}"#
        return try await post(client, "/prices", #"{"model":"priced",\#(body)}"#)
    }

    private func model(_ client: AdminClient, _ name: String) async throws -> String {
        _ = try await client.call("PUT", "/models/" + name, #"{"targets":[{"pool":"home"}],"max_output_tokens":9}"#)
        return name
    }

    /// Every list whose entries a test can make at will.
    private func lists(_ client: AdminClient, tenant: String) -> [List] {
        let address = #""kind":"openai","base_url":"http://127.0.0.1:9/v1""#
        func named(_ path: String, _ prefix: String, _ name: String = "id", rest: String = "") -> (String) async throws
            -> String
        {
            { try await post(client, path, #"{"name":"\#(prefix)\#($0)"\#(rest)}"#, name) }
        }
        return [
            List(path: "/tenants", name: "id", make: named("/tenants", "t"), below: "/tenants/"),
            List(
                path: "/tenants/\(tenant)/keys", name: "id", make: named("/tenants/\(tenant)/keys", "k"),
                below: "/keys/"),
            List(
                path: "/budgets?tenant_id=\(tenant)", name: "id",
                make: {
                    let model = try await model(client, "m" + $0)
                    let body = #"{"tenant_id":"\#(tenant)","model":"\#(model)","limit":"1","window":"day"}"#
                    return try await post(client, "/budgets", body)
                }, below: "/budgets/"),
            List(path: "/pools", name: "name", make: named("/pools", "p", "name"), below: "/pools/"),
            List(
                path: "/pools/home/backends", name: "id", make: named("/pools/home/backends", "b", rest: "," + address),
                below: "/backends/"),
            List(path: "/models", name: "name", make: { try await model(client, "x" + $0) }, below: "/models/"),
            List(path: "/prices", name: "id", make: { try await price(client, "1" + $0) }),
            List(path: "/prices/history?model=priced", name: "id", make: { try await price(client, "2" + $0) }),
            List(
                path: "/admin-keys", name: "id", make: named("/admin-keys", "a", rest: #","role":"viewer""#),
                below: "/admin-keys/"),
        ]
    }

    @Test("entries that come and go while a list is read neither repeat nor hide the others")
    func everyList() async throws {
        try await AdminHarness.run { harness in
            let client = harness.client
            let tenant = try await post(client, "/tenants", #"{"name":"owner"}"#)
            _ = try await post(client, "/pools", #"{"name":"home"}"#, "name")
            _ = try await model(client, "priced")
            for list in lists(client, tenant: tenant) + organizationLists(client, tenant: tenant) {
                let name = Comment(rawValue: list.path)
                var made: [String] = []
                for name in ["1", "3", "5", "7", "9"] { made.append(try await list.make(name)) }
                var deleted: String?
                let seen = try await walk(client, list.path, list.name) { read in
                    // One before what was read, one behind it, and the one the next page begins at is gone.
                    for name in ["0", "4"] { _ = try await list.make(name) }
                    guard let below = list.below, let last = read.last else { return }
                    let gone = list.isAllOurs || made.contains(last) ? last : made[0]
                    let answer = try await client.raw(
                        "DELETE", list.root + below + gone, authorization: client.bearer)
                    #expect([200, 204].contains(answer.status), name)
                    deleted = gone
                }
                #expect((deleted == nil) == (list.below == nil), name)
                #expect(Set(seen).count == seen.count, "\(list.path) repeats: \(seen)")
                let lost = Set(made).subtracting(seen).subtracting([deleted].compactMap(\.self))
                #expect(lost.isEmpty, "\(list.path) lost \(lost)")
            }
        }
    }

    /// The lists that OpenAI's clients read.
    private func organizationLists(_ client: AdminClient, tenant: String) -> [List] {
        let root = "/v1/organization"
        func post(_ path: String, _ body: String) async throws -> String {
            let answer = try await client.raw("POST", root + path, body, authorization: client.bearer)
            #expect(answer.status == 200, Comment(rawValue: path + answer.body.text))
            return answer.text("id")
        }
        let project = "/projects/\(tenant)"
        func account(_ name: String) async throws -> String {
            try await post(project + "/service_accounts", #"{"name":"\#(name)"}"#)
        }
        let adminKey: (String) async throws -> String = {
            try await post("/admin_api_keys", #"{"name":"\#($0)","role":"viewer"}"#)
        }
        func alert(_ path: String, _ cents: String) async throws -> String {
            let channel = #"{"type":"email","recipients":["a@example.org"]}"#
            let body = #""currency":"USD","interval":"month","notification_channel":\#(channel)"#
            return try await post(path, #"{\#(body),"threshold_amount":1\#(cents)}"#)
        }
        return [
            List(
                path: root + "/projects", name: "id", make: { try await post("/projects", #"{"name":"o\#($0)"}"#) },
                below: "/tenants/", isAllOurs: true),
            List(
                path: root + project + "/service_accounts", name: "id",
                make: account, below: "/keys/", isAllOurs: true),
            List(path: root + project + "/api_keys", name: "id", make: account, below: "/keys/", isAllOurs: true),
            List(
                path: root + project + "/spend_alerts", name: "id",
                make: { try await alert(project + "/spend_alerts", $0) }, below: project + "/spend_alerts/",
                root: root),
            List(
                path: root + "/spend_alerts", name: "id", make: { try await alert("/spend_alerts", $0) },
                below: "/spend_alerts/", root: root),
            List(path: root + "/admin_api_keys", name: "id", make: adminKey, below: "/admin-keys/", isAllOurs: true),
            List(
                path: root + "/admin_api_keys?order=desc", name: "id", make: adminKey, below: "/admin-keys/",
                isAllOurs: true),
        ]
    }

    @Test("a cursor is the same however a client writes it into a query", arguments: ["%20", "+"])
    func written(space: String) async throws {
        try await AdminHarness.run { harness in
            let names = ["100%", "a", "a b", "a b c", "a%20b", "a+b", "b & c"]
            for name in names { _ = try await post(harness.client, "/pools", #"{"name":"\#(name)"}"#) }
            var read: [String] = []
            var after = ""
            for _ in names {
                let page = try await harness.client.call("GET", "/pools?limit=1" + after)
                read += page.names()
                let words = page.text("next").split(separator: " ", omittingEmptySubsequences: false)
                let escaped = words.map { $0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "" }
                after = "&after=" + escaped.joined(separator: space)
            }
            #expect(read == names)
        }
    }

    @Test("a price's versions come in the order of their instants, also within a second and before 1970")
    func instants() async throws {
        try await AdminHarness.run { harness in
            let instants = [
                "1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.250000Z",
                "2026-01-01T00:00:00.500000Z", "2026-01-01T00:00:01Z",
            ]
            for instant in instants.reversed() {
                let body = #""effective_from":"\#(instant)","per_million":{"input":"1","output":"1"}"#
                _ = try await post(harness.client, "/prices", #"{"model":"m",\#(body)}"#)
            }
            let seen = try await walk(harness.client, "/prices/history?model=m", "effective_from") { _ in }
            #expect(seen == instants)
        }
    }

    @Test("a page begins behind its cursor by the bytes of the name, as the database orders names")
    func bytes() {
        // Swift takes the two spellings of é for one; the database does not.
        let names = ["a", "e\u{301}", "z", "\u{E9}", "\u{1F600}"]
        let page = PageRequest(limit: 9, after: "e\u{301}").cut(names, cursor: { $0 }, json: { .string($0) })
        #expect(page.text.contains(#"["z","é","😀"]"#))
    }
}
