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

    /// What a tenant draws in the last of these months, which are in order: each month's spend is drawn from what was
    /// paid ahead in it and left from the months before. A month that gave back more than it cost draws nothing.
    static func drawn(_ months: [(paid: Money, spent: Money)]) -> Money {
        var left = Money.zero
        var drawn = Money.zero
        for month in months {
            left += month.paid
            drawn = max(.zero, min(left, month.spent))
            left -= drawn
        }
        return drawn
    }
}
