import AdminAPI
import Billing
import Foundation
import Proxy
import Tenancy

/// Looks at everything an installation needs and says what is wrong; changes nothing.
struct DoctorRun: Sendable {
    let configuration: Configuration
    /// The configuration's path; nil: there is no file.
    let file: String?
    let environment: [String: String]
    let time: any TimeSource

    private var path: String { configuration.storagePath }

    /// All findings, in the order people would look.
    func findings() -> [Finding] {
        let now = time.now()
        let (masterKey, keyFinding) = masterKey()
        let bootstrap = bootstrap()
        let gateway = GatewayFacts(
            configuration, isLocked: LockFacts.isLocked(configuration.storagePath + ".lock"), key: bootstrap.key)
        let facts: Result<DatabaseFacts, any Error>? =
            FileFacts(path: path) == nil ? nil : Result { try DatabaseFacts(path: path) }
        let database = try? facts?.get()
        var findings = [
            FileChecks.configuration(file ?? "", file.flatMap(FileFacts.init(path:))),
            MachineChecks.clock(
                now: now, newest: database?.newestEntry, isSynchronized: ClockFacts.isSynchronized),
            gateway.finding(at: "\(configuration.adminListen.reachable)"),
            matching(keyFinding, masterKey, database),
            bootstrap.file
                ?? CredentialChecks.admin(
                    bootstrap.state, keys: database?.adminKeys ?? [], status: gateway.credentialStatus,
                    now: now),
            databaseFiles(), integrity(facts),
            MachineChecks.disk(FreeSpace(path: folder), path: folder),
        ]
        if let database, database.schema == .current {
            findings += ledger(database, isRunning: gateway.isRunning, now: now)
            findings += backends(database, masterKey: masterKey.flatMap { database.masterKey.key(from: $0) }, now: now)
        }
        let listeners = configuration.tls.map { files in Result { try files.load().endsAt } }
        return findings + [CertificateChecks.listeners(listeners, now: now), backup(now: now)]
    }

    private var folder: String {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        return FileFacts(path: folder) == nil ? "/" : folder
    }

    // MARK: Secrets

    private func masterKey() -> (MasterKey?, Finding) {
        let check = "master key"
        do {
            let key = try MasterKey(base64: try configuration.masterKey.resolve(environment: environment))
            return (key, finding(check, on: configuration.masterKey))
        } catch {
            return (
                nil,
                .fail(
                    check, RefusalWords.text(for: error),
                    fix: "give the master key this database was made with, as \(configuration.masterKey.name)")
            )
        }
    }

    /// A key that seals nothing here would lock every backend's credential out.
    private func matching(_ finding: Finding, _ key: MasterKey?, _ database: DatabaseFacts?) -> Finding {
        guard let key, let state = database?.masterKey else { return finding }
        guard state.key(from: key) != nil else {
            return .fail(
                finding.check, "it is not the one this database was made with",
                fix: "give that one, as \(configuration.masterKey.name)")
        }
        guard state.former != nil else { return finding }
        let next = state.isFormer(key) ? "put the new one in its place, then " : ""
        return .warn(
            finding.check, "a rotation is unfinished: the former key is still good",
            fix: next + "tollgate rotate-master-key --finish, or --rollback")
    }

    /// The bootstrap credential's text if it is a good one, its state, and what is wrong with its file.
    private func bootstrap() -> (key: String?, state: CredentialChecks.Bootstrap, file: Finding?) {
        guard let source = configuration.adminKey else { return (nil, .absent, nil) }
        do {
            let text = try source.resolve(environment: environment)
            _ = try AdminCredential(text)
            let file = finding("admin credential", on: source)
            return (text, .good(source.name), file.state == .ok ? nil : file)
        } catch SecretError.unset {
            return (nil, .absent, nil)
        } catch AdminCredentialError.issued {
            // The key of whoever looks: the command line reads it from the same variable.
            return (nil, .absent, nil)
        } catch {
            return (nil, .bad(RefusalWords.text(for: error)), nil)
        }
    }

    private func finding(_ check: String, on source: SecretSource) -> Finding {
        switch source {
        case .environment: .ok(check, source.name)
        case .file(let path): FileChecks.secret(check, path, FileFacts(path: path), user: getuid())
        }
    }

    // MARK: Database

    private func databaseFiles() -> Finding {
        let files = ["", "-wal", "-shm", ".holds", ".lock"].compactMap { suffix in
            FileFacts(path: path + suffix).map { (path: path + suffix, facts: $0) }
        }
        return FileChecks.database(files, folder: (folder, FileFacts(path: folder)))
    }

    private func integrity(_ facts: Result<DatabaseFacts, any Error>?) -> Finding {
        let check = "database"
        let fix = "stop the gateway, keep a copy of all its files, and restore the newest backup that verifies"
        switch facts {
        case nil:
            return .warn(check, "there is none at \(path)", fix: "start the gateway once, or mend storage")
        case .success(let facts):
            if let first = facts.faults.first { return .fail(check, first, fix: fix) }
            switch facts.schema {
            case .current: return .ok(check, "\(path), whole")
            case .older:
                return .warn(
                    check, "\(path), whole, but of an earlier version",
                    fix: "start this version of the gateway: it brings the tables up to date")
            case .newer:
                return .fail(
                    check, "\(path) is of a later version of Tollgate", fix: "run that version, or a later one")
            }
        case .failure(let error):
            return .fail(check, "\(path): \(RefusalWords.text(for: error))", fix: fix)
        }
    }

    private func ledger(_ facts: DatabaseFacts, isRunning: Bool, now: Timestamp) -> [Finding] {
        let (refused, free) = facts.unpriced(at: now)
        return [
            LedgerChecks.holdsFile(open: facts.openHolds.count, isRunning: isRunning),
            LedgerChecks.uncertain(facts.uncertain, now: now),
            LedgerChecks.prices(refused: refused, free: free, priced: facts.pricedCount(at: now)),
        ]
    }

    private func backends(_ facts: DatabaseFacts, masterKey: MasterKey?, now: Timestamp) -> [Finding] {
        guard !facts.routing.backends.isEmpty else {
            return [.none("backends", "there are none")] + BackendChecks.certificates([], now: now)
        }
        let survey = BackendSurvey(policy: configuration.upstream, masterKey: masterKey, time: time)
        let answers = survey.run(facts.routing.backends)
        let unreachable = Set(answers.filter(\.isUnreachable).map(\.name))
        let alone = BackendChecks.alone(facts.backendsByModel(), unreachable: unreachable)
        return answers.map { BackendChecks.finding($0, alone: alone[$0.name] ?? []) }
            + BackendChecks.certificates(answers, now: now)
    }

    private func backup(now: Timestamp) -> Finding {
        guard let backup = configuration.backup else {
            return .none("backup", "no directory for backups is configured")
        }
        let newest = BackupFolder(directory: backup.directory).newest(at: now)
        return LedgerChecks.backup(
            newest: newest?.instant.seconds, content: newest.map { Self.content(of: $0.path) },
            directory: backup.directory, everyMS: backup.everyMS, now: now)
    }

    /// Opens a backup as a restore would, but for recomputing it, which was done when it was made.
    private static func content(of path: String) -> LedgerChecks.BackupContent {
        do {
            let facts = try DatabaseFacts(path: path)
            if let fault = facts.faults.first { return .useless("it is damaged: \(fault)") }
            if facts.schema == .newer { return .useless("it is of a later version of Tollgate") }
            return .whole(newestEntry: facts.newestEntry)
        } catch {
            return .useless("it cannot be opened: \(RefusalWords.text(for: error))")
        }
    }
}
