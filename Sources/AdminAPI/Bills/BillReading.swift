import Billing
import Tenancy

/// The amounts of a bill as they are read. Whatever is wrong is told with the place where it stands: a line of a table,
/// a result of a report.
struct BillReading {
    /// Days between the first and the last; a bill of a year and some weeks fits.
    private static let mostDays: Int64 = 400

    private struct Mark {
        let day: String
        let place: String
    }

    private(set) var amounts: [BilledAmount] = []
    private var first: Mark?
    private var last: Mark?

    /// Adds what stands at a place. `amount` is US dollars after its point moved `shift` places to the right, and
    /// `currency` what the bill says beside it. Throws a 400 that names the place.
    mutating func add(
        day: String, model: String?, amount: String?, shift: Int = 0, currency: String?, at place: String
    ) throws(Problem) {
        guard CalendarZone.utc.start(ofDate: day) != nil else { throw Self.fault("\(place) has no day") }
        if let currency, currency.lowercased() != "usd" {
            throw Self.fault("\(place) is in \"\(currency.prefix(20))\", not in USD")
        }
        guard let amount else { throw Self.fault("\(place) has no amount") }
        guard let money = BillAmount.read(amount, shift: shift) else {
            throw Self.fault("\(place): \"\(amount.prefix(100))\" is no amount in USD, or more than a trillion")
        }
        let mark = Mark(day: day, place: place)
        let earliest = first.map { $0.day < day ? $0 : mark } ?? mark
        let latest = last.map { $0.day > day ? $0 : mark } ?? mark
        try Self.requireSpan(earliest, latest)
        (first, last) = (earliest, latest)
        amounts.append(BilledAmount(day: day, model: model, amount: money))
    }

    /// Each month between the first and the last day is read in one go, so two days of different centuries are a slip
    /// and no bill.
    private static func requireSpan(_ first: Mark, _ last: Mark) throws(Problem) {
        guard let start = CalendarZone.utc.start(ofDate: first.day), let end = CalendarZone.utc.start(ofDate: last.day),
            end <= start.adding(milliseconds: mostDays * 86_400_000)
        else {
            let days = [first, last].map { "\($0.day) (\($0.place))" }
            throw fault("its days lie more than \(mostDays) days apart: \(days[0]) and \(days[1])")
        }
    }

    /// A bill that cannot be read.
    static func fault(_ detail: String) -> Problem {
        Problem.invalid("", "cannot be read as a bill: \(detail)", code: "invalid_bill")
    }
}
