import Tenancy

extension Configuration {
    /// The master key the settings name; throws `CommandFailure` with what is wrong with it.
    func masterKey(_ environment: [String: String]) throws(CommandFailure) -> MasterKey {
        do {
            return try MasterKey(base64: try masterKey.resolve(environment: environment))
        } catch {
            throw CommandFailure(.failed, "master_key: \(RefusalWords.text(for: error))")
        }
    }
}
