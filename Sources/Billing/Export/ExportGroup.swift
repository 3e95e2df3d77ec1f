/// Entries that were priced alike on one day, by numbers of `ExportNames`.
struct ExportGroup: Hashable {
    /// Days since 1970.
    var day: Int64
    var tenant: Int32
    var key: Int32
    var pool: Int32
    var model: Int32
    var backend: Int32
    var version: Int32
    /// The list's version where the price was agreed with the tenant.
    var listVersion: Int32
    var corrects: Int32
    /// A correction made by hand: each has a row of its own.
    var correction: Int32
    var multiplierPPM: Int64
}
