import Tenancy

/// Whether an operator can get in.
enum CredentialChecks {
    /// The state of the bootstrap credential.
    enum Bootstrap: Sendable, Equatable {
        /// None is configured, or its variable is not set.
        case absent
        /// Where it comes from.
        case good(String)
        /// Why it cannot be used.
        case bad(String)
    }

    /// Milliseconds before the end of the last admin key that are worth a warning: two weeks.
    private static let notice: Int64 = 14 * 86_400_000

    /// - Parameters:
    ///   - keys: those that are not revoked.
    ///   - status: what a running instance answered to the bootstrap credential; nil: nobody answered.
    static func admin(_ bootstrap: Bootstrap, keys: [AdminKey], status: Int?, now: Timestamp) -> Finding {
        let check = "admin credential"
        if case .bad(let reason) = bootstrap {
            return .fail(check, "bootstrap credential: \(reason)", fix: "draw \(RefusalWords.credential)")
        }
        let admins = keys.filter { $0.role == .admin && $0.isUsable(at: now) }
        guard admins.isEmpty else { return admin(admins, bootstrap, now: now) }
        guard case .good(let source) = bootstrap else {
            return .fail(
                check, "there is no admin key and no bootstrap credential: nobody can get in",
                fix: "set admin_key, or stop the gateway and run tollgate admin-keys recover")
        }
        if status == 401 || status == 403 {
            return .warn(
                check, "the running instance does not take \(source)",
                fix: "give the credential it was started with, or start it again")
        }
        return .ok(check, status == nil ? source : "\(source), and the running instance takes it")
    }

    private static func admin(_ admins: [AdminKey], _ bootstrap: Bootstrap, now: Timestamp) -> Finding {
        let check = "admin credential"
        let count = admins.count == 1 ? "1 admin key" : "\(admins.count) admin keys"
        // One without an end outlasts all others.
        let ends = admins.compactMap(\.expiresAt)
        guard let last = ends.max(), ends.count == admins.count else { return .ok(check, count) }
        let detail = "\(count), the last ends \(RelativeTime.text(last, now: now))"
        guard last < now.adding(milliseconds: notice), bootstrap == .absent else { return .ok(check, detail) }
        return .warn(check, detail, fix: "tollgate admin-keys create --name NAME --role admin")
    }
}
