import Tenancy

/// Whether files are open to those they should be closed to.
enum FileChecks {
    /// A file that holds a secret: for its owner alone.
    static func secret(_ check: String, _ path: String, _ facts: FileFacts?, user: UInt32) -> Finding {
        guard let facts else { return .fail(check, "\(path) cannot be looked at", fix: "see that \(path) is there") }
        guard facts.mode & 0o077 == 0 else {
            return .fail(
                check, "\(path) is open to others than its owner (mode \(facts.octal))",
                fix: "chmod 600 \(ShellText.word(path))")
        }
        guard facts.owner == user || user == 0 || facts.owner == 0 else {
            return .warn(
                check, "\(path) belongs to another user (\(facts.owner))",
                fix: "run doctor as the gateway's user, or chown \(ShellText.word(path))")
        }
        return .ok(check, "\(path), mode \(facts.octal)")
    }

    /// The configuration: it holds no secret, but who writes it decides where secrets are taken from.
    static func configuration(_ path: String, _ facts: FileFacts?) -> Finding {
        let check = "configuration"
        guard let facts else { return .ok(check, "no file; the defaults and the environment count") }
        guard facts.mode & 0o022 == 0 else {
            return .fail(
                check, "\(path) can be written by others than its owner (mode \(facts.octal))",
                fix: "chmod go-w \(ShellText.word(path))")
        }
        return .ok(check, "\(path), mode \(facts.octal)")
    }

    /// The database with what lies beside it: for one user alone, in a folder where nobody else can replace it.
    ///
    /// - Parameters:
    ///   - files: those that are there, the database itself first.
    ///   - folder: where they lie.
    static func database(
        _ files: [(path: String, facts: FileFacts)], folder: (path: String, facts: FileFacts?)
    ) -> Finding {
        let check = "database files"
        guard let first = files.first else { return .none(check, "there is no database yet") }
        for (path, facts) in files {
            guard facts.mode & 0o077 == 0 else {
                return .fail(
                    check, "\(path) is open to others than its owner (mode \(facts.octal))",
                    fix: "chmod 600 \(ShellText.word(path))")
            }
            guard facts.owner == first.facts.owner else {
                return .fail(
                    check, "\(path) belongs to user \(facts.owner), the database to \(first.facts.owner)",
                    fix: "chown --reference=\(ShellText.word(first.path)) \(ShellText.word(path))")
            }
        }
        if let facts = folder.facts, facts.mode & 0o002 != 0, facts.mode & 0o1000 == 0 {
            return .fail(
                check, "anyone can replace files in \(folder.path) (mode \(facts.octal))",
                fix: "chmod o-w \(ShellText.word(folder.path))")
        }
        return .ok(check, "\(files.count) files of user \(first.facts.owner), closed to others")
    }
}
