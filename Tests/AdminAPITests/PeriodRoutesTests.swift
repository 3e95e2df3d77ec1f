import Billing
import Tenancy
import Testing

@testable import AdminAPI

@Suite struct PeriodRoutesTests {
    @Test("a month that ended closes after its grace, once, and tells what it froze")
    func close() async throws {
        try await AdminHarness.run { harness in
            let (client, month) = (harness.client, harness.lastMonth)
            let now = month.next.text
            let early = try await client.call("POST", "/periods/\(now)/close")
            #expect(early.status == 409 && early.text("code") == "period_not_ended")
            let asked = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"1h"}"#)
            #expect(asked.status == 200 && asked.text("status") == "closing")
            await harness.plane.periods.sweep()
            #expect(try await client.call("GET", "/periods/\(month)").text("status") == "closing")
            let again = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"0s"}"#)
            #expect(again.status == 200)
            await harness.plane.periods.sweep()
            let closed = try await client.call("GET", "/periods/\(month)")
            #expect(closed.text("status") == "closed")
            #expect(closed.text("cost") == "0" && closed["entries"] == .number("0"))
            #expect(closed.text("chain_head").count == 64 && closed.text("manifest_sha256").count == 64)
            #expect(closed.text("start") == month.start.rfc3339 && closed.text("end") == month.end.rfc3339)
            let after = try await client.call("POST", "/periods/\(month)/close")
            #expect(after.status == 200 && after.body == closed.body)
            let listed = try await client.call("GET", "/periods?limit=1")
            #expect(listed.names("period") == [now] && listed["has_more"] == .bool(true))
            let next = try await client.call("GET", "/periods?limit=1&after=" + listed.text("next"))
            #expect(next.names("period") == [month.text] && next["has_more"] == .bool(false))
            let log = try harness.plane.file.auditEntries()
            #expect(log.filter { $0.action == "period.close" }.count == 2)
            #expect(log.filter { $0.action == "period.closed" }.count == 1)
        }
    }

    @Test("months that are none, or have not begun, are not there", arguments: ["2026-13", "x", "9999-01", "2026-1"])
    func unknown(month: String) async throws {
        try await AdminHarness.run { harness in
            let shown = try await harness.client.call("GET", "/periods/\(month)")
            let closed = try await harness.client.call("POST", "/periods/\(month)/close")
            #expect(shown.status == 404)
            // Of a month to come it is known that it has not ended.
            let isMonth = BillingPeriod(month) != nil
            #expect(closed.status == (isMonth ? 409 : 404))
            #expect(closed.text("code") == (isMonth ? "period_not_ended" : "not_found"))
        }
    }

    @Test("a closed month is corrected in the open one, once per key, with a reason")
    func corrections() async throws {
        try await AdminHarness.run { harness in
            let (client, month) = (harness.client, harness.lastMonth)
            let tenant = try await client.call("POST", "/tenants", #"{"name":"a"}"#).text("id")
            let path = "/periods/\(month)/corrections"
            let body = #"{"tenant_id":"\#(tenant)","amount":"-1.25","reason":"cache tokens","model":"m"}"#
            let early = try await client.call("POST", path, body)
            #expect(early.status == 409 && early.text("code") == "period_not_closed")
            _ = try await client.call("POST", "/periods/\(month)/close", #"{"grace":"0s"}"#)
            await harness.plane.periods.sweep()
            for _ in 0..<2 {
                let made = try await client.call("POST", path, body, headers: ["idempotency-key": "k"])
                #expect(made.status == 201)
                #expect(made.text("amount") == "-1.25" && made.text("corrects_period") == month.text)
                #expect(made.text("period") == month.next.text)
            }
            let listed = try await client.call("GET", path)
            #expect(listed.names("reason") == ["cache tokens"])
            for (change, pointer) in [
                (#""amount":"0""#, "/amount"), (#""amount":"1e3""#, "/amount"), (#""amount":"--1""#, "/amount"),
                (#""amount":"99999999""#, "/amount"), (#""amount":"1","reason":"=1+1""#, "/reason"),
                (#""amount":"1","reason":"r","model":"=1+1""#, "/model"),
                (#""amount":"1","reason":"r","pool":"@SUM(1)""#, "/pool"),
            ] {
                let bad = try await client.call(
                    "POST", path, #"{"tenant_id":"\#(tenant)",\#(change)}"#.replacing("}", with: pad(change)))
                #expect(bad.status == 400 && bad.pointers.contains(pointer), Comment(rawValue: change))
            }
            let stranger = try await client.call("POST", path, #"{"tenant_id":"ten_x","amount":"1","reason":"r"}"#)
            #expect(stranger.status == 400)
            let costs = try await client.call("GET", "/costs?bucket=month&group_by=tenant&tenant_id=\(tenant)")
            #expect(costs.status == 200)
            #expect(try harness.plane.file.read { try PeriodVerifierStore.run($0) + LedgerVerifierStore.run($0) } == [])
        }
    }

    private func pad(_ change: String) -> String {
        change.contains("reason") ? "}" : #","reason":"r"}"#
    }
}
