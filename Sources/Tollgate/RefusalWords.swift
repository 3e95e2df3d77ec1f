import AdminAPI
import Tenancy

/// What to tell the operator about a secret or a database that cannot be used.
enum RefusalWords {
    /// A clause that stands after the setting's name and a colon; errors without words of their own as they are.
    static func text(for error: any Error) -> String {
        switch error {
        case let error as MasterKeyError: text(for: error)
        case let error as AdminCredentialError: text(for: error)
        case let error as DatabaseFileError: text(for: error)
        default: "\(error)"
        }
    }

    /// What a bootstrap credential is drawn with, completing "draw …".
    static let credential = "at least 32 random printable characters, such as `openssl rand -hex 32`"

    private static let copied = "the key looks copied or typed"

    private static func text(for error: MasterKeyError) -> String {
        switch error {
        case .malformed: "the key is not 32 bytes in base64"
        case .short: "the key is shorter than 32 bytes"
        case .sample: "\(copied); draw a random one, as tollgate init does"
        case .sealFailed: "libcrypto could not encrypt with the key"
        case .digestFailed: "libcrypto could not compute a digest with the key"
        case .openFailed: "the key does not open what the database holds"
        }
    }

    private static func text(for error: AdminCredentialError) -> String {
        switch error {
        case .short: "the key is shorter than 32 characters"
        case .notPrintable: "the key has characters other than printable ASCII without spaces"
        case .sample: "\(copied); draw \(credential)"
        case .issued: "the key is an issued admin key, which would let in after its end; draw \(credential)"
        }
    }

    private static func text(for error: DatabaseFileError) -> String {
        switch error {
        case .locked: "another tollgate runs on this database"
        case .newerSchema: "a newer version of Tollgate has written this database"
        case .corrupt: "this is not a database, or it is damaged"
        case .notFound: "there is no such database"
        case .lost: "the database that was here is empty or gone"
        case .unavailable(let reason): "the database cannot be opened: \(reason)"
        case .notDurable: "the database cannot be used, because commits would not be synced to disk"
        case .readOnly: "the database can only be read"
        }
    }
}
