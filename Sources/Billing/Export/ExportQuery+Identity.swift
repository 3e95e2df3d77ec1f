import CXlsxWriter
import CZlib
import Tenancy

extension ExportQuery {
    /// What names a closed month's download before it is made, 64 hexadecimal digits: equal names are equal bytes. nil
    /// for a month that still takes entries, whose bytes nobody knows before the last.
    ///
    /// It is made of what the bytes are a function of: the close (its manifest's hash has the entries, the facts and
    /// the writers' version in it), the question, and the libraries that compress.
    public func identity(_ facts: PeriodFacts, isManifest: Bool, isCompressed: Bool) -> String? {
        guard let seal = facts.period.seal else { return nil }
        var hash = CanonicalHash("tollgate export 1")
        let isBook = !isManifest && format == .xlsx
        hash.add([
            seal.manifestSHA256, isManifest ? "manifest" : format.rawValue, dataset.rawValue, profile?.rawValue,
            decimal.rawValue, view.rawValue, tenantID, tag?.text, isByKey ? "key" : nil,
            isBook ? String(cString: lxw_version()) : nil,
            isBook || isCompressed ? String(cString: zlibVersion()) : nil,
        ])
        return hash.hex
    }
}
