/// What tenants paid ahead and still have for a month's rows.
struct PrepaidDraw {
    /// By tenant id.
    private var left: [String: Money]

    /// With what each tenant draws in this month.
    init(_ left: [String: Money] = [:]) {
        self.left = left
    }

    /// Says what the tenant pays for a row, the first rows of the month being paid from what was paid ahead.
    mutating func bill(_ row: inout ExportRow) {
        let drawn = max(.zero, min(left[row.tenantID] ?? .zero, row.cost))
        if drawn > .zero { left[row.tenantID, default: .zero] -= drawn }
        row.billed = row.cost - drawn
    }

    /// What a tenant draws in the month at `target` of months in order: its spend, as far as that leaves no month with
    /// more drawn up to its end than was paid ahead up to its end. What closed months drew is theirs, whichever was
    /// closed first; open months before the target draw in their order, and later open ones nothing yet.
    static func drawn(_ months: [PrepaidMonth], at target: Int) -> Money {
        var drawn = months.map { $0.frozen ?? .zero }
        for place in months.indices where place <= target && months[place].frozen == nil {
            var (balance, least) = (Money.zero, Money?.none)
            for (later, month) in months.enumerated() {
                balance += month.paid - drawn[later]
                if later >= place { least = min(least ?? balance, balance) }
            }
            drawn[place] = max(.zero, min(months[place].spent, least ?? .zero))
        }
        return months.indices.contains(target) ? drawn[target] : .zero
    }
}
