import Tenancy

/// Whether backends answer, and whether every model has one that does.
enum BackendChecks {
    /// One finding a backend.
    ///
    /// - Parameter alone: models that nobody else serves, by backend.
    static func finding(_ facts: BackendFacts, alone: [String]) -> Finding {
        let check = "backend \(facts.name)"
        if facts.isDraining { return .none(check, "is draining and was not asked") }
        guard let status = facts.status else {
            let error = facts.error ?? "no answer"
            if facts.isSealed {
                return .fail(
                    check, error,
                    fix: "give the master key that sealed it, or put the key again: "
                        + "tollgate backends update \(ShellText.word(facts.name)) --set 'api_key={env: NAME}'")
            }
            let fix = "start it, or mend its base_url: tollgate backends show \(ShellText.word(facts.name))"
            if alone.isEmpty { return .warn(check, "\(error); others serve its models", fix: fix) }
            return .fail(check, "\(error); nobody else serves \(alone.joined(separator: ", "))", fix: fix)
        }
        let detail = "status \(status) in \(facts.milliseconds) ms"
        if facts.refusesCredential {
            return .fail(
                check, "\(detail): it refuses the credential",
                fix: "tollgate backends update \(ShellText.word(facts.name)) --set 'api_key={env: NAME}'")
        }
        if status >= 500 {
            return .warn(check, "\(detail): it is there but not well", fix: "look at the backend's own log")
        }
        return .ok(check, detail)
    }

    /// The certificates of backends behind https: those that end soon, or that all hold.
    static func certificates(_ backends: [BackendFacts], now: Timestamp) -> [Finding] {
        guard backends.contains(where: \.usesTLS) else {
            return [.none("TLS", "no backend is reached over https")]
        }
        let read = backends.compactMap { backend in backend.certificateEnd.map { (name: backend.name, end: $0) } }
        guard let first = read.map(\.end).min() else {
            return [.warn("TLS", "no certificate could be read", fix: "see what is said of the backends")]
        }
        let short = read.filter { $0.end < now.adding(milliseconds: CertificateChecks.notice) }.map { name, end in
            let detail = "its certificate ends \(RelativeTime.text(end, now: now)), at \(end.rfc3339)"
            let fix = "renew the certificate of the server at that backend's base_url"
            return end <= now
                ? Finding.fail("TLS \(name)", detail, fix: fix) : Finding.warn("TLS \(name)", detail, fix: fix)
        }
        guard short.isEmpty else { return short }
        let count = read.count == 1 ? "1 certificate" : "\(read.count) certificates"
        return [.ok("TLS", "\(count), the first to end \(RelativeTime.text(first, now: now))")]
    }

    /// The models whose every backend is unreachable, by each of those backends.
    ///
    /// - Parameter backends: by model, the names of the backends that serve it.
    static func alone(_ backends: [String: Set<String>], unreachable: Set<String>) -> [String: [String]] {
        var alone: [String: [String]] = [:]
        for (model, names) in backends.sorted(by: { $0.key < $1.key }) where names.isSubset(of: unreachable) {
            for name in names { alone[name, default: []].append(model) }
        }
        return alone
    }
}
