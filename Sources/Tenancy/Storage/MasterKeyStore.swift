public import GRDB

/// What is kept with the database about the master key that seals its secrets.
public enum MasterKeyStore {
    private static let check = "master_key_check"
    private static let version = "master_key_version"
    private static let formerCheck = "master_key_former_check"
    private static let formerWrapped = "master_key_former_wrapped"
    private static let digestKey = "request_digest_key"
    private static let digestKeyLength = 32

    /// Which key seals what the database holds.
    public static func state(_ db: Database) throws -> MasterKeyState {
        var state = MasterKeyState(check: try TenancyStore.setting(db, check))
        if let number = try TenancyStore.setting(db, version).flatMap({ Int(String(decoding: $0, as: UTF8.self)) }) {
            state.version = number
        }
        if let proof = try TenancyStore.setting(db, formerCheck),
            let wrapped = try TenancyStore.setting(db, formerWrapped)
        {
            state.former = MasterKeyState.Former(check: proof, wrapped: wrapped)
        }
        return state
    }

    /// Replaces all of it.
    public static func put(_ db: Database, _ state: MasterKeyState) throws {
        if let proof = state.check { try TenancyStore.putSetting(db, check, proof) }
        try TenancyStore.putSetting(db, version, Array(String(state.version).utf8))
        if let former = state.former {
            try TenancyStore.putSetting(db, formerCheck, former.check)
            try TenancyStore.putSetting(db, formerWrapped, former.wrapped)
        } else {
            let names = [formerCheck, formerWrapped]
            try db.execute(sql: "DELETE FROM settings WHERE name IN (?, ?)", arguments: StatementArguments(names))
        }
    }

    /// The present key, from it or from the one before; a database without one takes the given. Nil: it is neither.
    public static func claim(_ db: Database, _ given: MasterKey) throws -> MasterKey? {
        let state = try state(db)
        if state.check == nil { try put(db, MasterKeyState(check: given.checkValue, version: state.version)) }
        return state.key(from: given)
    }

    /// What was overwritten or removed within `body` leaves no bytes in the file's free space.
    public static func erasing<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
        try db.execute(sql: "PRAGMA secure_delete = ON")
        let result = Result(catching: body)
        try db.execute(sql: "PRAGMA secure_delete = OFF")
        return try result.get()
    }

    // MARK: The key of request digests

    /// The key that digests of requests are made with, which outlives the master key; drawn if there is none yet.
    public static func digestKey(_ db: Database, _ key: MasterKey) throws -> [UInt8] {
        if let sealed = try TenancyStore.setting(db, digestKey) {
            return try key.open(sealed, context: digestContext(key))
        }
        let bytes = SecretBytes.random(digestKeyLength)
        try TenancyStore.putSetting(db, digestKey, try key.seal(bytes, context: digestContext(key)))
        return bytes
    }

    /// Seals it under another master key; nothing if there is none.
    public static func resealDigestKey(_ db: Database, from present: MasterKey, to next: MasterKey) throws {
        guard let sealed = try TenancyStore.setting(db, digestKey) else { return }
        let bytes = try present.open(sealed, context: digestContext(present))
        try TenancyStore.putSetting(db, digestKey, try next.seal(bytes, context: digestContext(next)))
    }

    private static func digestContext(_ key: MasterKey) -> String { "settings|\(digestKey)|\(key.version)" }
}
