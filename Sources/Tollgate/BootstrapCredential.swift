import AdminAPI
import Tenancy

/// The credential that lets an operator in while there is no admin key.
enum BootstrapCredential {
    /// The configured credential. None is needed once the database holds an admin key, `hasAdmin`: then a variable that
    /// is not set is no mistake, nor one with an operator's own key. Throws `StartRefusal`, and what `hasAdmin` throws.
    static func resolve(
        _ source: SecretSource?, environment: [String: String], hasAdmin: () throws -> Bool
    ) throws -> AdminCredential? {
        guard let source else {
            if try hasAdmin() { return nil }
            throw StartRefusal(reason: "admin_key: none is configured, and the database holds no admin key")
        }
        do {
            return try AdminCredential(try source.resolve(environment: environment))
        } catch {
            let isUnset = if case SecretError.unset? = error as? SecretError { true } else { false }
            if isUnset || error as? AdminCredentialError == .issued, try hasAdmin() { return nil }
            throw StartRefusal(reason: "admin_key: \(RefusalWords.text(for: error))")
        }
    }
}
