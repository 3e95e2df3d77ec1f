import Billing
import NIOCore
import Tenancy

/// What a tenant may ask about its own use: the question in its query string, and the answer as JSON.
struct TenantUsage {
    /// Keys of this scope see all that their tenant used.
    static let wideScope = "tenant_usage"

    let question: UsageQuery

    /// Reads `start`, `end`, `bucket`, `group_by`, `time_zone`, `limit` and `after`. The calling key's use is meant, or
    /// that of its whole tenant where its scope says so. Throws a denial that names the parameter at fault.
    init(target: String, principal: Principal, at now: Timestamp) throws(Denial) {
        var items = QueryItems(target: target)
        var text = UsageQueryText()
        text.start = items.take("start")
        text.end = items.take("end")
        text.bucket = items.take("bucket")
        text.groupBy = items.take("group_by")
        text.timeZone = items.take("time_zone")
        text.limit = items.take("limit")
        text.after = items.take("after")
        if let denial = items.denial() { throw denial }
        let tenant = principal.tenant.tenant
        var question: UsageQuery
        do throws(UsageQueryFault) {
            question = try text.query(
                in: CalendarZone(identifier: tenant.timeZone) ?? .utc, allowing: { $0 == .model || $0 == .key }, at: now
            )
        } catch {
            throw .badParameter(error.parameter, error.detail)
        }
        question.tenantIDs = [tenant.id]
        if principal.key.key.scope != Self.wideScope { question.keyIDs = [principal.key.key.id] }
        self.question = question
    }

    /// The answer's body.
    func body(_ page: UsagePage) -> ByteBuffer {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.key("object")
            json.string("usage")
            json.key("data")
            json.array { json in
                for bucket in page.buckets { write(bucket, page, to: &json) }
            }
            json.key("has_more")
            json.bool(page.next != nil)
            json.key("next")
            json.string(page.next?.text)
        }
        return json.buffer
    }

    private func write(_ bucket: UsagePage.Bucket, _ page: UsagePage, to json: inout JSONWriter) {
        json.object { json in
            json.key("start")
            json.string(bucket.span.start.rfc3339)
            json.key("end")
            json.string(bucket.span.end.rfc3339)
            json.key("results")
            json.array { json in
                for row in bucket.rows { write(row, page, to: &json) }
            }
        }
    }

    private func write(_ row: UsageRow, _ page: UsagePage, to json: inout JSONWriter) {
        json.object { json in
            for (group, value) in zip(question.groups, row.values) {
                json.key(text: group.text)
                json.string(value)
                if group == .key {
                    json.key("key_name")
                    json.string(page.keyNames[value])
                }
            }
            json.key("requests")
            json.integer(row.requests)
            json.key("tokens")
            json.object { json in
                for meter in Meter.allCases where row.usage[meter] != 0 || meter == .input || meter == .output {
                    json.key(text: meter.rawValue)
                    json.integer(row.usage[meter])
                }
            }
            json.key("cost")
            json.string(row.cost.decimal)
        }
    }
}
