import Tenancy

/// The canonical manifest of a closed month: what its hash ties together, and ties to the month closed before.
public enum PeriodManifest {
    /// SHA-256 of the manifest, 64 hexadecimal digits: of the line `tollgate period 1`, then one record of the month,
    /// number, format version, software version, closing instant, entries, last sequence, cost, the chain's head, the
    /// hash of the facts and that of the manifest before, as `CanonicalHash` writes them.
    static func sha256(_ month: BillingPeriod, _ seal: Fields) -> String {
        sha256([
            month.text, String(seal.number), String(seal.formatVersion), seal.softwareVersion,
            String(seal.closedAt.microseconds), String(seal.entries), String(seal.lastSequence), seal.cost.decimal,
            seal.chainHead, seal.factsSHA256, seal.previousManifestSHA256,
        ])
    }

    /// The same from the record's fields in their order.
    public static func sha256(_ fields: [String?]) -> String {
        var hash = CanonicalHash("tollgate period 1")
        hash.add(fields)
        return hash.hex
    }

    /// A seal before its own hash is known.
    struct Fields {
        let closedAt: Timestamp
        let formatVersion: Int64
        let softwareVersion: String
        let entries: Int64
        let lastSequence: Int64
        let cost: Money
        let chainHead: String
        let factsSHA256: String
        let previousManifestSHA256: String?
        let number: Int64

        /// With its hash.
        func sealed(_ month: BillingPeriod) -> PeriodSeal {
            PeriodSeal(
                closedAt: closedAt, formatVersion: formatVersion, softwareVersion: softwareVersion, entries: entries,
                lastSequence: lastSequence, cost: cost, chainHead: chainHead, factsSHA256: factsSHA256,
                manifestSHA256: PeriodManifest.sha256(month, self),
                previousManifestSHA256: previousManifestSHA256, number: number)
        }
    }
}

extension PeriodSeal {
    /// Whether it is still what the month's close wrote down.
    func isIntact(of month: BillingPeriod) -> Bool { PeriodManifest.sha256(month, fields) == manifestSHA256 }

    /// What its own hash is over.
    var fields: PeriodManifest.Fields {
        PeriodManifest.Fields(
            closedAt: closedAt, formatVersion: formatVersion, softwareVersion: softwareVersion, entries: entries,
            lastSequence: lastSequence, cost: cost, chainHead: chainHead, factsSHA256: factsSHA256,
            previousManifestSHA256: previousManifestSHA256, number: number)
    }
}
