import Billing
import Tenancy

/// A provider's cost report as its API answers it: pages of buckets, a UTC day each, with results.
enum CostReport {
    /// OpenAI's has `start_time` in seconds, and line items such as `gpt-4o-mini-2024-07-18, input`; Anthropic's has
    /// `starting_at`, and cents.
    enum Shape {
        case openai, anthropic
    }

    /// The amounts of one page or an array of them. Throws a 400 that names page, bucket and result.
    static func read(_ bytes: [UInt8], _ shape: Shape) throws(Problem) -> [BilledAmount] {
        let document = try document(bytes)
        var pages = [document]
        if case .array(let several) = document { pages = several }
        var reading = BillReading()
        for (number, page) in pages.enumerated() {
            let place = pages.count == 1 ? "" : "page \(number + 1), "
            guard case .array(let buckets)? = page.member("data") else {
                throw BillReading.fault("\(place)data must be an array of buckets")
            }
            for (number, bucket) in buckets.enumerated() {
                try add(bucket, shape, at: "\(place)bucket \(number + 1)", to: &reading)
            }
        }
        // What stands on the pages that are missing would be told as calls that nobody billed.
        if pages.last?.member("has_more") == .bool(true) {
            throw BillReading.fault("it goes on (has_more is true); all its pages belong into one array")
        }
        return reading.amounts
    }

    private static func add(
        _ bucket: JSONValue, _ shape: Shape, at place: String, to reading: inout BillReading
    ) throws(Problem) {
        guard let day = day(bucket, shape) else {
            let name = shape == .openai ? "start_time in seconds" : "starting_at"
            throw BillReading.fault("\(place) has no \(name)")
        }
        guard case .array(let results)? = bucket.member("results") else {
            throw BillReading.fault("\(place) (\(day)) has no results")
        }
        for (number, result) in results.enumerated() {
            let here = "\(place) (\(day)), result \(number + 1)"
            let holder = shape == .openai ? result.member("amount") ?? .null : result
            let value = holder.member(shape == .openai ? "value" : "amount")
            let named = result.member(shape == .openai ? "line_item" : "model")?.plainText
            try reading.add(
                day: day, model: shape == .openai ? named.flatMap(model(ofItem:)) : named, amount: value?.plainText,
                shift: shape == .openai ? 0 : -2, currency: currency(holder.member("currency")), at: here)
        }
    }

    private static func day(_ bucket: JSONValue, _ shape: Shape) -> String? {
        switch shape {
        case .openai: bucket.member("start_time")?.plainText.flatMap(day(ofSeconds:))
        case .anthropic:
            bucket.member("starting_at")?.plainText.flatMap { Timestamp(rfc3339: $0) }.map {
                String($0.rfc3339.prefix(10))
            }
        }
    }

    /// The UTC day of an instant in seconds since 1970; nil for anything else.
    static func day(ofSeconds text: String) -> String? {
        guard let seconds = Int64(text), 0...253_402_300_799 ~= seconds else { return nil }
        return String(Timestamp(microseconds: seconds * 1_000_000).rfc3339.prefix(10))
    }

    /// What stands before the first comma of a line item.
    static func model(ofItem item: String) -> String? {
        item.split(separator: ",", maxSplits: 1).first.map(String.init)
    }

    /// One that is no text is none that is known.
    private static func currency(_ value: JSONValue?) -> String? {
        guard let value, value != .null else { return nil }
        return value.plainText ?? value.kind
    }

    private static func document(_ bytes: [UInt8]) throws(Problem) -> JSONValue {
        do {
            return try JSONParser.parse(bytes)
        } catch {
            let line = bytes.prefix(error.offset).count { $0 == UInt8(ascii: "\n") } + 1
            throw Problem.invalid(
                "", "is not valid JSON: \(error.detail) at byte \(error.offset), line \(line)", code: "invalid_json")
        }
    }
}

extension JSONValue {
    /// The member of an object; nil for anything else.
    func member(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// A string, or a number's digits; nil for anything else.
    fileprivate var plainText: String? {
        switch self {
        case .string(let text), .number(let text): text
        default: nil
        }
    }
}
