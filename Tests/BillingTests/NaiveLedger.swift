import Foundation
import Tenancy

@testable import Billing

/// The ledger as a schoolbook would write it: lists that are summed anew for every question. Its windows are those of
/// Foundation's calendar, and what matches a budget it decides by itself.
struct NaiveLedger {
    struct Scope {
        var keyID: ID<APIKey>
        var model: String
        var pool: String
    }

    struct Spend {
        var scope: Scope
        var admittedAt: Timestamp
        var cost: Int
    }

    struct Held {
        var scope: Scope
        var admittedAt: Timestamp
        var amount: Int
        var isRecorded = false
        var isUncertain = false
    }

    struct Cap {
        var budget: Budget
        /// Where it began to count.
        var since: Timestamp

        func matches(_ scope: Scope) -> Bool {
            if let keyID = budget.keyID, keyID != scope.keyID { return false }
            if let model = budget.model, model != scope.model { return false }
            if let pool = budget.pool, pool != scope.pool { return false }
            return true
        }
    }

    enum Answer: Equatable {
        case held(Int)
        case short(waitingHelps: Bool)
    }

    var zone: TimeZone
    var spends: [Spend] = []
    var holds: [HoldID: Held] = [:]
    var caps: [ID<Budget>: Cap] = [:]

    func window(_ budget: Budget, at instant: Timestamp) -> Range<Timestamp> {
        let unit: Calendar.Component
        switch budget.window {
        case .total: return Timestamp(microseconds: 0)..<Timestamp(microseconds: .max)
        case .day: unit = .day
        case .week: unit = .weekOfYear
        case .month: unit = .month
        }
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = zone
        let date = Date(timeIntervalSince1970: Double(instant.microseconds / 1_000_000))
        guard let span = calendar.dateInterval(of: unit, for: date) else { return instant..<instant }
        func exact(_ date: Date) -> Timestamp {
            Timestamp(microseconds: Int64(date.timeIntervalSince1970.rounded()) * 1_000_000)
        }
        return exact(span.start)..<exact(span.end)
    }

    /// Posted, live and uncertain amounts of a budget in the window of an instant.
    func sums(_ cap: Cap, at instant: Timestamp) -> (posted: Int, live: Int, uncertain: Int) {
        let window = window(cap.budget, at: instant)
        if window.lowerBound < cap.since { return (0, 0, 0) }
        func counts(_ scope: Scope, _ at: Timestamp) -> Bool { window.contains(at) && cap.matches(scope) }
        let posted = spends.filter { counts($0.scope, $0.admittedAt) }.reduce(0) { $0 + $1.cost }
        let held = holds.values.filter { counts($0.scope, $0.admittedAt) }
        return (
            posted, held.filter { !$0.isUncertain }.reduce(0) { $0 + $1.amount },
            held.filter(\.isUncertain).reduce(0) { $0 + $1.amount }
        )
    }

    func answer(_ scope: Scope, wanted: Int, atLeast: Int, at instant: Timestamp) -> Answer {
        if wanted == 0 { return .held(0) }
        let matching = caps.values.filter {
            $0.budget.mode == .hard && window($0.budget, at: instant).lowerBound >= $0.since && $0.matches(scope)
        }
        let figures = matching.map { cap in (cap: Int(cap.budget.limit.pico), sums: sums(cap, at: instant)) }
        let ceiling = figures.map { $0.cap - $0.sums.posted - $0.sums.uncertain }.min() ?? wanted
        if ceiling < atLeast { return .short(waitingHelps: false) }
        let target = min(wanted, ceiling)
        let free = figures.map { $0.cap - $0.sums.posted - $0.sums.uncertain - $0.sums.live }.min() ?? target
        return free >= target ? .held(target) : .short(waitingHelps: true)
    }

    /// Posted, held and remaining, as a budget's state says.
    func figures(_ id: ID<Budget>, at instant: Timestamp) -> [Int] {
        guard let cap = caps[id] else { return [] }
        let sums = sums(cap, at: instant)
        let held = sums.live + sums.uncertain
        return [sums.posted, held, Int(cap.budget.limit.pico) - sums.posted - held]
    }

    /// Everything unrecorded is gone, everything recorded is uncertain.
    mutating func restart() {
        holds = holds.filter { $0.value.isRecorded || $0.value.isUncertain }
        for id in holds.keys { holds[id]?.isUncertain = true }
    }

    mutating func end(_ id: HoldID, cost: Int) {
        guard let hold = holds.removeValue(forKey: id) else { return }
        spends.append(Spend(scope: hold.scope, admittedAt: hold.admittedAt, cost: cost))
    }
}
