import Tenancy

/// LiteLLM's teams and keys as tenants and as commands: a key cannot be carried over, only issued anew.
struct LiteLLMTeams: Sendable {
    private(set) var tenants: [ImportedTenant] = []
    private var names: Set<String> = []
    /// By team id, or `user/ID` and `key/N` for keys without a team.
    private var byOrigin: [String: Int] = [:]
    /// Ids of the teams whose models are known.
    private let teams: Set<String>
    private let models: [ImportedModel]
    private let now: Timestamp

    /// - Parameters:
    ///   - documents: what `/team/list` and `/key/list` answer, in any order; lists and objects with `teams` or `keys`.
    ///   - now: keys that have expired by then are not issued anew.
    init(_ documents: [DocumentValue], models: [ImportedModel], now: Timestamp, notes: inout ImportNotes) {
        self.models = models
        self.now = now
        let entries = documents.flatMap { document in
            (document["teams"]?.items ?? []) + (document["keys"]?.items ?? []) + document.items
        }
        let teams = entries.filter { !Self.isKey($0) && $0["team_id"] != nil }
        let keys = entries.filter(Self.isKey)
        if entries.count > teams.count + keys.count {
            notes.lose(
                "\(entries.count - teams.count - keys.count) entries of the keys file",
                "neither keys nor teams; ask /key/list with return_full_object=true")
        }
        self.teams = Set(teams.compactMap { $0["team_id"]?.text })
        for team in teams { add(team: team, notes: &notes) }
        for (index, key) in keys.enumerated() { add(key: key, number: index + 1, notes: &notes) }
        if !teams.isEmpty || !keys.isEmpty {
            notes.lose("spend so far", "budgets start at 0; lower the first limit by hand where that matters")
        }
    }

    private static func isKey(_ entry: DocumentValue) -> Bool {
        ["token", "key_name", "key_alias"].contains { entry[$0] != nil }
    }

    // MARK: Teams

    private mutating func add(team: DocumentValue, notes: inout ImportNotes) {
        let id = team["team_id"]?.text ?? ""
        let name = team["team_alias"]?.text ?? id
        let index = tenant(name, "team", origin: "LiteLLM team \(id)", key: id, notes: &notes)
        let owner = tenants[index].name
        tenants[index].limits = LiteLLMLimits(team, owner: owner, notes: &notes)
        tenants[index].models = allowed(team["models"], owner: owner, notes: &notes)
        let isBlocked = team["blocked"]?.text == "true"
        if isBlocked || tenants[index].limits.allowsNothing {
            tenants[index].models = []
            let why = isBlocked ? "is blocked" : "has a limit of 0"
            notes.lose("team \(owner)", "\(why) in LiteLLM: its tenant may use nothing until you entitle it")
        }
        if team["members_with_roles"]?.items.isEmpty == false || team["members"]?.items.isEmpty == false {
            notes.lose("members of \(owner)", "a tenant has keys, not members; issue each member a key")
        }
        Self.noteTheRest(team, of: owner, notes: &notes)
    }

    private mutating func tenant(
        _ name: String, _ what: String, origin: String, key: String, notes: inout ImportNotes
    ) -> Int {
        if let index = byOrigin[key] { return index }
        let unique = ImportName.unique(ImportName.cleaned(name), among: &names)
        if !ImportName.isKept(unique, as: name) { notes.lose("\(what) \(name)", "its tenant is called \(unique) here") }
        let empty = DocumentValue.empty(at: .line(1))
        var none = ImportNotes()
        let limits = LiteLLMLimits(empty, owner: unique, notes: &none)
        tenants.append(ImportedTenant(name: unique, origin: origin, models: [], limits: limits))
        byOrigin[key] = tenants.count - 1
        return tenants.count - 1
    }

    /// The models a list allows; nil: all. Groups stand for their models, names with * for those that begin so.
    private func allowed(_ list: DocumentValue?, owner: String, notes: inout ImportNotes) -> Set<String>? {
        let wanted = list?.items.compactMap(\.text) ?? []
        if wanted.isEmpty || wanted.contains(where: { ["*", "all-proxy-models"].contains($0) }) { return nil }
        var allowed: Set<String> = []
        for name in wanted where !["no-default-models", "all-team-models"].contains(name) {
            let found = models.filter { model in
                model.origin == name || model.accessGroups.contains(name)
                    || (name.hasSuffix("*") && model.origin.hasPrefix(name.dropLast()))
            }
            if found.isEmpty { notes.lose("model \(name) of \(owner)", "is not among the models carried over") }
            allowed.formUnion(found.map(\.name))
        }
        return allowed
    }

    // MARK: Keys

    private mutating func add(key: DocumentValue, number: Int, notes: inout ImportNotes) {
        let label = key["key_alias"]?.text ?? key["key_name"]?.text ?? "key-\(number)"
        let name = ImportName.cleaned(label)
        guard key["blocked"]?.text != "true" else { return notes.lose("key \(name)", "is blocked in LiteLLM") }
        let expiry = key["expires"]?.text.map(Self.instant)
        if let expiry {
            guard let expiry else { return notes.lose("key \(name)", "its expiry is no time") }
            guard expiry > now else { return notes.lose("key \(name)", "has expired") }
        }
        let limits = LiteLLMLimits(key, owner: "key \(name)", notes: &notes)
        guard !limits.allowsNothing else {
            return notes.lose("key \(name)", "has a limit of 0 in LiteLLM, which lets no call through")
        }
        let wanted = allowed(key["models"], owner: "key \(name)", notes: &notes)
        let inherits = key["models"]?.items.contains { $0.text == "all-team-models" } ?? false
        let index = owner(of: key, label: label, number: number, notes: &notes)
        if !ImportName.isKept(name, as: label) { notes.lose("key \(label)", "is called \(name) here") }
        if key["team_id"]?.text.map({ teams.contains($0) }) != true {
            // A key without a team may use what it names; its tenant may use what any of its keys may.
            let present = tenants[index].models
            tenants[index].models = wanted.flatMap { wanted in present.map { $0.union(wanted) } }
        }
        Self.noteTheRest(key, of: "key \(name)", notes: &notes)
        issue(
            name, tenant: tenants[index].name, expiry: expiry ?? nil, models: inherits ? nil : wanted,
            limits: limits, notes: &notes)
    }

    /// The tenant of a key: its team's, else its user's, else its own.
    private mutating func owner(
        of key: DocumentValue, label: String, number: Int, notes: inout ImportNotes
    ) -> Int {
        if let team = key["team_id"]?.text {
            if let index = byOrigin[team] { return index }
            return tenant(
                key["team_alias"]?.text ?? team, "team", origin: "LiteLLM team \(team), not in the file", key: team,
                notes: &notes)
        }
        if let user = key["user_id"]?.text {
            return tenant(
                user, "user", origin: "keys of the LiteLLM user \(user)", key: "user/\(user)", notes: &notes)
        }
        return tenant(
            label, "key", origin: "the LiteLLM key \(label), of no team", key: "key/\(number)", notes: &notes)
    }

    private func issue(
        _ name: String, tenant: String, expiry: Timestamp?, models: Set<String>?, limits: LiteLLMLimits,
        notes: inout ImportNotes
    ) {
        let tenant = ShellText.word(tenant)
        var command = "tollgate keys create --tenant \(tenant) --name \(ShellText.word(name))"
        if let expiry { command += " --set expires_at=\(expiry.rfc3339)" }
        if let models {
            let list = models.sorted().map { YAMLText.scalar($0) }.joined(separator: ", ")
            command += " --set " + ShellText.word("models=[\(list)]")
        }
        notes.run(command)
        if !limits.quotas.isEmpty {
            let quotas = limits.quotas.map { "--set \($0.name)=\($0.value)" }.joined(separator: " ")
            notes.run("  tollgate quotas update --key KEY_ID \(quotas)")
        }
        for budget in limits.budgets(of: self.models, owner: "key \(name)", notes: &notes) {
            let model = budget.model.map { " --set " + ShellText.word("model=\($0)") } ?? ""
            notes.run(
                "  tollgate budgets create --tenant \(tenant) --set key_id=KEY_ID\(model) --limit \(budget.limit) "
                    + "--window \(budget.window) --mode \(budget.mode)")
        }
    }

    /// LiteLLM writes UTC with or without saying so, with a T or a space.
    private static func instant(_ text: String) -> Timestamp? {
        let joined = text.replacing(" ", with: "T", maxReplacements: 1)
        return Timestamp(rfc3339: joined) ?? Timestamp(rfc3339: joined + "Z")
    }
}
