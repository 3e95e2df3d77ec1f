import Billing
import Tenancy

/// Anthropic's cost report: buckets with `starting_at`, results with an amount in cents as a decimal string.
enum AnthropicBill {
    static func read(_ document: JSONValue) throws(Problem) -> [BilledAmount] {
        var amounts: [BilledAmount] = []
        for bucket in try BillFormat.buckets(document) {
            guard case .string(let text)? = bucket.member("starting_at"), let start = Timestamp(rfc3339: text),
                case .array(let results)? = bucket.member("results")
            else { throw BillFormat.fault("a bucket needs starting_at and results") }
            let day = String(start.rfc3339.prefix(10))
            for result in results {
                if case .string(let currency)? = result.member("currency"), currency.lowercased() != "usd" {
                    throw BillFormat.fault("the bill is in \(currency), not in USD")
                }
                var model: String?
                if case .string(let name)? = result.member("model") { model = name }
                amounts.append(
                    BilledAmount(
                        day: day, model: model, amount: try BillFormat.amount(result.member("amount"), shift: -2)))
            }
        }
        return amounts
    }
}
