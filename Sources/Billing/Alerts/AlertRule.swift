import Tenancy

/// When a budget alerts; pure. What was raised before is not known here: the database's unique key decides that.
enum AlertRule {
    /// One reason to alert.
    enum Alert: Equatable, Sendable {
        /// Spend reached this fraction of the limit, as the operator wrote it.
        case threshold(String)
        /// Spend reached this amount, whatever the limit.
        case amount(Money)
        /// At the pace so far this will be spent when the window ends.
        case forecast(Money)

        /// Its name in the unique key.
        var name: String {
            switch self {
            case .threshold(let threshold): threshold
            case .amount(let amount): "usd:" + amount.decimal
            case .forecast: "forecast"
            }
        }
    }

    /// A window says nothing of its end before this part of it is over.
    static let forecastDivisor: Int64 = 10
    private static let fractionDigits = 6
    private static let million: Int128 = 1_000_000

    /// Whether a text is a threshold: a fraction, and a number of JSON, as which it is shown.
    static func isThreshold(_ text: String) -> Bool {
        let isPadded = text.utf8.first == UInt8(ascii: "0") && text.utf8.count > 1 && !text.hasPrefix("0.")
        return !isPadded && amount(text, of: .zero) != nil
    }

    /// The amount a threshold is reached at; nil for one that is no fraction.
    static func amount(_ threshold: String, of limit: Money) -> Money? {
        guard let millionths = try? DecimalText.parse(threshold, fractionDigits: fractionDigits) else { return nil }
        let (product, overflow) = limit.pico.multipliedReportingOverflow(by: millionths)
        // Rounded up: below the exact fraction nothing is reached. What does not fit 128 bits is beyond all spend.
        return overflow ? nil : Money(pico: product / million + (product % million > 0 ? 1 : 0))
    }

    /// All that speaks for an alert at an instant.
    static func alerts(
        _ budget: Budget, limit: Money, posted: Money, window: BudgetWindow, at instant: Timestamp
    ) -> [Alert] {
        let ahead = forecast(budget, limit: limit, posted: posted, window: window, at: instant)
        return reached(budget, limit: limit, posted: posted) + (ahead.map { [$0] } ?? [])
    }

    /// The thresholds and amounts that are reached, in the order they are set. Nothing spent reaches none, whatever the
    /// limit.
    static func reached(_ budget: Budget, limit: Money, posted: Money) -> [Alert] {
        guard budget.mode != .shadow, posted > .zero else { return [] }
        return budget.alertsAt.filter { threshold in amount(threshold, of: limit).map { posted >= $0 } ?? false }
            .map(Alert.threshold) + budget.alertAmounts.filter { posted >= $0 }.map(Alert.amount)
    }

    /// The least amount above `posted` that reaches another threshold or amount; nil when there is none left.
    static func next(_ budget: Budget, limit: Money, posted: Money) -> Money? {
        guard budget.mode != .shadow else { return nil }
        let fractions = budget.alertsAt.compactMap { amount($0, of: limit) }
        return (fractions + budget.alertAmounts).filter { $0 > posted }.min()
    }

    /// The forecast of a window: what was spent, times the window's length, divided by the part of it that is over.
    /// It alerts when that passes the limit, from a tenth of the window on, and not when the limit is reached already.
    static func forecast(
        _ budget: Budget,
        limit: Money,
        posted: Money,
        window: BudgetWindow,
        at instant: Timestamp
    ) -> Alert? {
        guard budget.mode != .shadow, budget.window != .total, posted > .zero, posted < limit,
            window.contains(instant)
        else { return nil }
        let length = window.end.seconds - window.start.seconds
        let elapsed = instant.seconds - window.start.seconds
        guard elapsed > 0, elapsed >= length / forecastDivisor else { return nil }
        let (product, overflow) = posted.pico.multipliedReportingOverflow(by: Int128(length))
        guard !overflow else { return nil }
        let projected = Money(pico: product / Int128(elapsed))
        return projected > limit ? .forecast(projected) : nil
    }
}
