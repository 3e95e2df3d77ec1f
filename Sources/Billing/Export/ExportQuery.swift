/// Which download of a month is wanted.
public struct ExportQuery: Sendable, Equatable {
    /// For whom a CSV file is.
    public enum Profile: String, CaseIterable, Sendable {
        /// Begins with a byte order mark.
        case excel
    }

    /// Whose costs it tells.
    public enum View: String, CaseIterable, Sendable {
        /// What tenants are charged.
        case tenant
        /// What providers charge the operator.
        case upstream
    }

    /// What the fraction of a number follows.
    public enum Decimal: String, CaseIterable, Sendable {
        /// As in `1.5`; cells are separated by commas.
        case point
        /// As in `1,5`; cells are separated by semicolons.
        case comma
    }

    /// What it is written as.
    public var format: ExportFormat
    /// Of FOCUS 1.4, which file.
    public var dataset = FocusDataset.costAndUsage
    /// Of `csv` only.
    public var profile: Profile?
    /// Of `csv` only.
    public var decimal = Decimal.point
    /// Whose costs.
    public var view = View.tenant
    /// Only this tenant.
    public var tenantID: String?
    /// Only tenants and keys with this tag.
    public var tag: ExportTag?
    /// Whether keys are told apart.
    public var isByKey = false

    /// The whole month in one format.
    public init(format: ExportFormat) {
        self.format = format
    }

    /// What it leaves out, and how it groups, as members of the manifest; in a fixed order.
    var filters: [(name: String, value: String)] {
        var filters: [(name: String, value: String)] = []
        if let tenantID { filters.append(("tenant_id", tenantID)) }
        if let tag { filters.append(("tag", tag.text)) }
        if isByKey { filters.append(("group_by", "key")) }
        if view != .tenant { filters.append(("view", view.rawValue)) }
        return filters
    }

    /// A name for the manifest of the files under its filters.
    public func manifestName(month: String) -> String {
        let file = ExportQuery(format: .csv, filtersOf: self).fileName(month: month)
        return "tollgate-\(month)-manifest" + file.dropFirst("tollgate-\(month)-csv".count).dropLast("csv".count)
            + "json"
    }

    private init(format: ExportFormat, filtersOf other: ExportQuery) {
        self = other
        self.format = format
        dataset = .costAndUsage
        profile = nil
        decimal = .point
    }

    /// A name for the file that says what is in it, `tollgate-2026-11-focus-1.2.csv`.
    public func fileName(month: String) -> String {
        var parts = ["tollgate", month, format.rawValue]
        if format == .focus14 { parts.append(dataset.rawValue) }
        if let tenantID { parts.append(Self.plain(tenantID)) }
        if let tag { parts.append("tag-" + Self.plain(tag.text)) }
        if isByKey { parts.append("by-key") }
        if view != .tenant { parts.append(view.rawValue) }
        if let profile { parts.append(profile.rawValue) }
        if decimal == .comma { parts.append("comma") }
        return parts.joined(separator: "-") + "." + format.fileExtension
    }

    /// Nothing that a file system or a header could take for more than a name.
    private static func plain(_ text: String) -> String {
        String(
            text.unicodeScalars.prefix(64).map { scalar in
                let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                return isPlain || scalar == "_" ? Character(scalar) : "-"
            })
    }
}
