/// What `apply` may do beyond creating and changing.
struct ApplyOptions: Sendable {
    /// Removes what the file does not name.
    var prune = false
    /// Sends the credentials of backends that exist already.
    var rotateBackendKeys = false
}
