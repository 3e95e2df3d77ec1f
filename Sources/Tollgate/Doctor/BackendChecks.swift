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
