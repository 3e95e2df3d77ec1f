import AdminAPI
import Foundation
import Tenancy

/// How a database stands with its master keys, after everything in it was opened.
struct MasterKeyReport {
    let state: MasterKeyState
    let count: MasterKeyRotation.Count
    /// What was looked with is the former key.
    let isFormer: Bool

    var text: String {
        """
        master key \(state.version) opens everything: \(count.backendKeys) keys of backends, \
        \(count.webhookSecrets) secrets of webhooks
        \(rest)
        """
    }

    private var rest: String {
        guard state.former != nil else { return "rotation: finished, no other key is good" }
        return isFormer
            ? "rotation: unfinished, and the configuration still names the former key: put the new one in its place"
            : "rotation: unfinished, the former key is good too until --finish; --rollback goes back to it"
    }

    var json: JSONValue {
        .object([
            "key_version": .number(Decimal(state.version)),
            "rotation": .string(state.former == nil ? "finished" : "unfinished"),
            "configured_key": .string(isFormer ? "former" : "present"),
            "backend_keys": .number(Decimal(count.backendKeys)),
            "webhook_secrets": .number(Decimal(count.webhookSecrets)),
        ])
    }
}
