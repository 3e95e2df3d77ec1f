import Billing
import Tenancy

/// The bills of providers that can be reconciled.
enum BillFormat: String, CaseIterable, Sendable {
    /// What `GET /v1/organization/costs` answers, one page or an array of them.
    case openai
    /// What `GET /v1/organizations/cost_report` answers, one page or an array of them.
    case anthropic
    /// Columns day, model and cost, in any order.
    case csv

    private static let mostDays: Int64 = 400

    /// The amounts of a bill. Throws a 400 when it is none of this kind.
    func read(_ bytes: [UInt8]) throws(Problem) -> [BilledAmount] {
        switch self {
        case .openai: try OpenAIBill.read(try Self.document(bytes))
        case .anthropic: try AnthropicBill.read(try Self.document(bytes))
        case .csv: try CSVBill.read(bytes)
        }
    }

    /// The buckets of all pages.
    static func buckets(_ document: JSONValue) throws(Problem) -> [JSONValue] {
        var pages = [document]
        if case .array(let several) = document { pages = several }
        var buckets: [JSONValue] = []
        for page in pages {
            guard case .array(let data)? = page.member("data") else { throw fault("data must be an array of buckets") }
            buckets += data
        }
        return buckets
    }

    static func fault(_ detail: String) -> Problem { Problem.invalid("", detail, code: "invalid_bill") }

    /// US dollars from a decimal, `shift` places to the left of where it stands; a credit is below zero.
    static func amount(_ value: JSONValue?, shift: Int = 0) throws(Problem) -> Money {
        guard case .number(let text)? = value ?? .null else {
            guard case .string(let text)? = value else { throw fault("an amount is missing") }
            return try amount(text, shift: shift)
        }
        return try amount(text, shift: shift)
    }

    static func amount(_ text: String, shift: Int = 0) throws(Problem) -> Money {
        guard let amount = BillAmount.read(text, shift: shift) else { throw fault("\(text.prefix(100)) is no amount") }
        return amount
    }

    /// The bill's days. Throws a 400 when they are further apart than any bill's: each month between is read.
    static func requireSpan(_ billed: [BilledAmount]) throws(Problem) {
        guard let first = billed.map(\.day).min().flatMap({ CalendarZone.utc.start(ofDate: $0) }),
            let last = billed.map(\.day).max().flatMap({ CalendarZone.utc.start(ofDate: $0) })
        else { return }
        guard last <= first.adding(milliseconds: mostDays * 86_400_000) else {
            throw fault("its days are more than \(mostDays) days apart")
        }
    }

    private static func document(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw Problem.invalid(
                "", "is not valid JSON: \(error.detail) at byte \(error.offset)", code: "invalid_json")
        }
    }
}

extension JSONValue {
    /// The member of an object; nil for anything else.
    func member(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}
