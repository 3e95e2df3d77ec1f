import Billing
import Tenancy

/// OpenAI's costs: buckets with `start_time` in seconds, results with an amount in USD and a line item such as
/// `gpt-4o-mini-2024-07-18, input`.
enum OpenAIBill {
    static func read(_ document: JSONValue) throws(Problem) -> [BilledAmount] {
        var amounts: [BilledAmount] = []
        for bucket in try BillFormat.buckets(document) {
            guard case .number(let text)? = bucket.member("start_time"), let seconds = Int64(text),
                0...253_402_300_799 ~= seconds, case .array(let results)? = bucket.member("results")
            else { throw BillFormat.fault("a bucket needs start_time and results") }
            let day = String(Timestamp(microseconds: seconds * 1_000_000).rfc3339.prefix(10))
            for result in results {
                let amount = result.member("amount")
                if case .string(let currency)? = amount?.member("currency"), currency.lowercased() != "usd" {
                    throw BillFormat.fault("the bill is in \(currency), not in USD")
                }
                var model: String?
                if case .string(let item)? = result.member("line_item") {
                    model = item.split(separator: ",", maxSplits: 1).first.map(String.init)
                }
                amounts.append(
                    BilledAmount(day: day, model: model, amount: try BillFormat.amount(amount?.member("value"))))
            }
        }
        return amounts
    }
}
