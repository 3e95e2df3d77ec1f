/// What a close is made of, read before its transaction.
struct PeriodGathering: Sendable {
    let scan: PeriodScan
    let formatVersion: Int64
    let softwareVersion: String
    let previousManifestSHA256: String?
    /// What is still to be written of the facts.
    let changes: [PeriodFactRow]
    /// How far the tables were.
    let mark: PeriodMark
}
