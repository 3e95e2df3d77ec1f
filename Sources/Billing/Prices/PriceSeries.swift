import Tenancy

/// The versions of one price over time, and the sheet that applies now; used under the lock of its book.
final class PriceSeries {
    /// Latest `effectiveFrom` first.
    private var versions: [PriceVersion] = []
    /// The newest sheet asked for, and the instants it is the right one for.
    private var newest: (sheet: PriceSheet?, from: Timestamp, until: Timestamp?)?

    /// The sheet of an instant; nil if there was no standard price.
    func sheet(at instant: Timestamp) -> PriceSheet? {
        if let newest, newest.from <= instant, newest.until.map({ instant < $0 }) ?? true { return newest.sheet }
        let applying = versions.filter { $0.appliesFrom <= instant }
        let sheet = PriceSheet(applying)
        // Between two instants at which a version begins to apply nothing changes.
        let from = applying.map(\.appliesFrom).max() ?? Timestamp(microseconds: .min)
        let until = versions.map(\.appliesFrom).filter { $0 > instant }.min()
        // Calls that ask for the time before a price changed do not take the sheet from those after it.
        if newest.map({ $0.from <= from }) ?? true { newest = (sheet, from, until) }
        return sheet
    }

    /// Adds a version of the same model, kind and backend that has been stored; one that is there changes nothing.
    func put(_ version: PriceVersion) {
        guard !versions.contains(where: { $0.id == version.id }) else { return }
        let index = versions.firstIndex { !Self.isLater($0, version) } ?? versions.endIndex
        versions.insert(version, at: index)
        newest = nil
    }

    private static func isLater(_ left: PriceVersion, _ right: PriceVersion) -> Bool {
        (left.effectiveFrom, left.publishedAt, left.id) > (right.effectiveFrom, right.publishedAt, right.id)
    }
}
