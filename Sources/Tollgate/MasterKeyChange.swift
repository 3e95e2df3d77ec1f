import AdminAPI
import Foundation
import Tenancy

/// Rotates the master key of a database: through the gateway that runs on it, or alone.
struct MasterKeyChange {
    /// The database.
    let path: String
    /// The running gateway; nil: there is none, and the database is changed here.
    let client: AdminClient?

    /// Opens everything with a key; throws `CommandFailure` if it does not, or is no key of this database.
    func look(_ key: MasterKey) throws -> MasterKeyReport {
        try reading { db in
            let state = try MasterKeyStore.state(db)
            guard state.check != nil else { throw CommandFailure(.failed, "\(path): no gateway ran on it yet") }
            guard let present = state.key(from: key) else { throw Self.foreign }
            let count = try MasterKeyRotation.check(db, with: present)
            return MasterKeyReport(state: state, count: count, isFormer: state.isFormer(key))
        }
    }

    /// Seals everything under another key, or under the former again, and looks with it.
    func rotate(_ configured: MasterKey, _ other: MasterKey, isRollback: Bool) throws -> MasterKeyReport {
        let state = try reading { try MasterKeyStore.state($0) }
        let isSwapped = isRollback && other.checkValue == state.check
        let (present, next) = isSwapped ? (other, configured) : (configured, other)
        guard state.key(from: present) != nil else { throw Self.foreign }
        guard present.checkValue == state.check || next.checkValue == state.check else { throw Self.foreign }
        if isRollback, next.checkValue != state.check, !state.isFormer(next) {
            throw CommandFailure(.conflict, "there is no unfinished rotation from that key to go back from")
        }
        if next.checkValue == state.check { return try look(next) }
        if let client {
            let wrapped = Base64.encode(try present.wrap(next))
            try client.call("POST", "/master-key/rotate", .object(["wrapped_key": .string(wrapped)]))
        } else {
            try writing(isRollback ? "master_key.roll_back" : "master_key.rotate") { db in
                _ = try MasterKeyRotation.begin(db, from: present.numbered(state.version), to: next)
            }
        }
        return try look(next)
    }

    /// Forgets the former key.
    func finish(_ configured: MasterKey) throws -> MasterKeyReport {
        let report = try look(configured)
        guard !report.isFormer else {
            throw CommandFailure(
                .conflict, "the configuration still names the former key: put the new one in its place first")
        }
        let present = configured.numbered(report.state.version)
        if let client {
            let proof = try MasterKeyRotation.proof(present)
            try client.call("POST", "/master-key/finish", .object(["proof": .string(proof)]))
        } else {
            try writing("master_key.finish") { db in try MasterKeyRotation.finish(db, present: present) }
        }
        return try look(configured)
    }

    private static let foreign = CommandFailure(
        .failed, "master_key: the key is not the one this database was made with")

    private func reading<Value>(_ body: (TenancyStore.Transaction) throws -> Value) throws -> Value {
        try telling { try DatabaseFile.readOnce(path: path, body) }
    }

    private func writing(_ action: String, _ body: (TenancyStore.Transaction) throws -> Void) throws {
        let now = SystemClock().now()
        let entry = AuditEntry(
            id: ID.make(prefix: "aud", at: now), at: now, actor: "offline", action: action, subject: "master-key",
            requestID: RequestID.make(at: now).text)
        try telling {
            let file = try GatewayDatabase.open(path: path)
            defer { try? file.close() }
            try file.write { db in
                try body(db)
                try TenancyStore.audit(db, entry)
            }
        }
    }

    private func telling<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let failure as CommandFailure {
            throw failure
        } catch DatabaseFileError.locked {
            throw CommandFailure(.conflict, "\(path): \(RefusalWords.text(for: DatabaseFileError.locked))")
        } catch RotationError.unfinished {
            throw CommandFailure(.conflict, RotationError.unfinished.text)
        } catch let error as RotationError {
            throw CommandFailure(.failed, "\(path): \(error.text)")
        } catch {
            throw CommandFailure(.failed, "\(path): \(RefusalWords.text(for: error))")
        }
    }
}
