import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct ExportRoutesTests {
    @Test("a manifest names the SHA-256 of that of the month closed before, whoever asked for it when")
    func chain() async throws {
        try await AdminHarness.run { harness in
            let (client, month) = (harness.client, harness.lastMonth)
            let first = try await client.call("GET", "/exports/\(month.next)/manifest")
            #expect(first["previous_manifest_sha256"] == .null && first["previous_period"] == .null)
            _ = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"0s"}"#)
            await harness.plane.periods.sweep()
            let next = try await client.call("GET", "/exports/\(month.next)/manifest")
            let bytes = try await client.bytes("/exports/\(month)/manifest")
            #expect(next.text("previous_period") == month.text)
            #expect(next.text("previous_manifest_sha256") == SecretBytes.hex(SecretBytes.sha256(bytes)))
            let closed = try await client.call("GET", "/exports/\(month)/manifest")
            let shown = try await client.call("GET", "/periods/\(month)")
            #expect(closed.text("seal_sha256") == shown.text("manifest_sha256") && closed["number"] == .number("1"))
            #expect(next.text("previous_seal_sha256") == closed.text("seal_sha256"))
        }
    }

    @Test("the audit log tells how a download was asked for")
    func audited() async throws {
        try await AdminHarness.run { harness in
            let month = harness.lastMonth
            _ = try await harness.client.call(
                "GET", "/exports/\(month)?format=csv&profile=excel&decimal=comma&through=7")
            let entry = try harness.plane.file.auditEntries().last { $0.action == "export.download" }
            #expect(entry?.after == #"{"format":"csv","profile":"excel","decimal":"comma","through":7}"#)
        }
    }

    @Test("a closed month's download has a tag by which it is not sent again; an open one's has none")
    func tags() async throws {
        try await AdminHarness.run { harness in
            let (client, month) = (harness.client, harness.lastMonth)
            let open = try await client.call("GET", "/exports/\(month)?format=csv")
            #expect(open.status == 200 && open.header("etag") == "")
            _ = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"0s"}"#)
            await harness.plane.periods.sweep()
            var seen: Set<String> = []
            let questions = [
                "?format=csv", "?format=csv&profile=excel", "?format=csv&decimal=comma", "?format=csv&tag=a",
                "?format=csv&tag=a:b", "?format=csv&group_by=key", "?format=csv&view=upstream", "?format=jsonl",
                "?format=focus-1.2", "?format=focus-1.4", "?format=focus-1.4&file=billing-period", "?format=xlsx",
                "?format=statement", "/manifest", "/manifest?group_by=key",
            ]
            for question in questions {
                let path = "/exports/\(month)" + question
                func get(_ known: String?) async throws -> AdminClient.Answer {
                    let headers = known.map { ["if-none-match": $0] } ?? [:]
                    return try await client.call("GET", path, headers: headers)
                }
                let tag = try await get(nil).header("etag")
                #expect(tag.count == 66 && seen.insert(tag).inserted, Comment(rawValue: question))
                for known in [tag, "\"x\", W/\(tag)", "*"] {
                    let answer = try await get(known)
                    #expect(answer.status == 304 && answer.header("etag") == tag)
                }
                #expect(try await get("\"other\"").status == 200)
            }
            let log = try harness.plane.file.auditEntries().filter { $0.action == "export.download" }
            #expect(log.count == 1 + 2 * questions.count)
            var codings: Set<String> = []
            for coding in ["gzip", "identity"] {
                let answer = try await client.call(
                    "GET", "/exports/\(month)?format=csv", headers: ["accept-encoding": coding])
                codings.insert(answer.header("etag"))
                #expect(answer.header("vary") == "accept-encoding" && answer.header("cache-control") == "no-store")
                #expect(answer.header("content-security-policy").hasSuffix("; frame-ancestors 'none'"))
            }
            #expect(codings.count == 2)
        }
    }
}
