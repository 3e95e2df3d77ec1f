import Billing
import Tenancy

extension SpendAlert {
    /// The alert as a project has it.
    var json: JSONValue {
        OrganizationShapes.alert(id.text, "project.spend_alert", amount, to: recipients, subjectPrefix)
    }

    /// Reads a whole alert.
    init(_ body: JSONObject, id: ID<SpendAlert>, of tenant: ID<Tenant>, at now: Timestamp) {
        let (amount, recipients, prefix) = body.spendAlert()
        self.init(
            id: id, tenantID: tenant, amount: amount, recipients: recipients, subjectPrefix: prefix, createdAt: now)
    }
}
