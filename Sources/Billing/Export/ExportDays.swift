import Tenancy

/// Gathers entries by day and gives finished days as rows, in an order that only depends on what they say.
struct ExportDays {
    private let pricing: ExportPricing
    private let isUpstream: Bool
    private var sums: [ExportGroup: ExportSums] = [:]
    private var credits: [Int64: [ExportRow]] = [:]
    private var prepaid: PrepaidDraw
    /// The names of the groups' numbers.
    var names = ExportNames()

    init(_ pricing: ExportPricing, isUpstream: Bool, credits: [ExportRow], prepaid: PrepaidDraw) {
        self.pricing = pricing
        self.isUpstream = isUpstream
        self.prepaid = prepaid
        for credit in credits { self.credits[Self.day(credit.day), default: []].append(credit) }
    }

    /// Whether any price of the month was agreed with a tenant.
    var hasAgreements: Bool { pricing.hasAgreements }

    /// The list's version for an entry whose price was agreed with its tenant; nil for any other.
    func listVersion(beside version: String, inputTokens: Int64, at admitted: Timestamp) -> String? {
        pricing.listVersion(beside: version, inputTokens: inputTokens, at: admitted)
    }

    mutating func add(_ entry: ExportEntry) {
        sums[entry.group, default: ExportSums()].add(entry)
    }

    /// The oldest day that has anything; nil if none has.
    var oldest: Int64? {
        let day = sums.keys.lazy.map(\.day).min()
        let credit = credits.keys.min()
        return [day, credit].compactMap { $0 }.min()
    }

    /// Takes the rows of all days before `day`; of all there are with nil.
    mutating func finish(before day: Int64?) throws(ExportError) -> [ExportRow] {
        let finished = sums.keys.filter { group in day.map { group.day < $0 } ?? true }
        let days = Set(finished.map(\.day) + credits.keys.filter { credit in day.map { credit < $0 } ?? true })
        let groups = Dictionary(grouping: finished, by: \.day)
        var rows: [ExportRow] = []
        for day in days.sorted() {
            rows += credits.removeValue(forKey: day) ?? []
            for group in ordered(groups[day] ?? []) {
                guard let sums = sums.removeValue(forKey: group) else { continue }
                for var row in try self.rows(group, sums) {
                    prepaid.bill(&row)
                    rows.append(row)
                }
            }
        }
        return rows
    }

    private func ordered(_ groups: [ExportGroup]) -> [ExportGroup] {
        let keyed = groups.map { group in
            let numbers = [
                group.tenant, group.pool, group.model, group.key, group.backend, group.version, group.listVersion,
                group.corrects, group.correction,
            ]
            return (names: numbers.map { names.text($0) ?? "" }, group: group)
        }
        return keyed.sorted { left, right in
            for (one, other) in zip(left.names, right.names) where one != other {
                return one.utf8.lexicographicallyPrecedes(other.utf8)
            }
            return left.group.multiplierPPM < right.group.multiplierPPM
        }.map(\.group)
    }

    private func rows(_ group: ExportGroup, _ sums: ExportSums) throws(ExportError) -> [ExportRow] {
        var row = ExportRow(
            kind: .usage, day: Timestamp(microseconds: group.day * RollUpSums.day),
            tenantID: names.text(group.tenant) ?? "")
        row.keyID = names.text(group.key)
        row.pool = names.text(group.pool) ?? ""
        row.model = names.text(group.model) ?? ""
        row.backendID = names.text(group.backend)
        row.priceVersion = names.text(group.version)
        row.listVersion = names.text(group.listVersion)
        row.correctsPeriod = names.text(group.corrects)
        row.correctionID = names.text(group.correction)
        if !isUpstream { row.multiplierPPM = group.multiplierPPM }
        if isUpstream { return [pricing.upstreamRow(row, sums)] }
        return try pricing.rows(row, sums, multiplierPPM: group.multiplierPPM)
    }

    private static func day(_ instant: Timestamp) -> Int64 {
        RollUpSums.start(of: instant, span: RollUpSums.day) / RollUpSums.day
    }
}
