import Tenancy

extension ControlPlane {
    /// The audit row of a change that this request makes.
    func audit(
        _ context: AdminContext,
        _ action: String,
        _ subject: String,
        before: JSONValue? = nil,
        after: JSONValue? = nil
    ) -> AuditEntry {
        let now = time.now()
        return AuditEntry(
            id: ID.make(prefix: "aud", at: now),
            at: now,
            actor: context.caller.actor,
            action: action,
            subject: subject,
            before: before?.text,
            after: after?.text,
            requestID: context.requestID
        )
    }
}
