import Tenancy

/// Whether the certificate that the gateway itself shows still holds.
enum CertificateChecks {
    /// Milliseconds before a certificate's end that are worth a warning: two weeks.
    static let notice: Int64 = 14 * 86_400_000

    /// - Parameter end: the end of the certificate of `tls`, or why it cannot be used; nil: there is no `tls`.
    static func listeners(_ end: Result<Timestamp, any Error>?, now: Timestamp) -> Finding {
        let check = "listeners' TLS"
        switch end {
        case nil: return .none(check, "the listeners have no certificate")
        case .failure(let error):
            let reason = (error as? StartRefusal)?.reason ?? RefusalWords.text(for: error)
            return .fail(check, reason, fix: "mend the files that tls names; the gateway does not start with them")
        case .success(let end):
            let detail = "the certificate ends \(RelativeTime.text(end, now: now)), at \(end.rfc3339)"
            let fix = "renew the files that tls names, then reload the gateway (SIGHUP)"
            if end <= now { return .fail(check, detail, fix: fix) }
            return end < now.adding(milliseconds: notice) ? .warn(check, detail, fix: fix) : .ok(check, detail)
        }
    }
}
