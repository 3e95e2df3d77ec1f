import Billing
import Tenancy

extension OrganizationAlert {
    /// The alert as the organization has it.
    var json: JSONValue {
        OrganizationShapes.alert(id.text, "organization.spend_alert", amount, to: recipients, subjectPrefix)
    }

    /// Reads a whole alert.
    init(_ body: JSONObject, id: ID<OrganizationAlert>, at now: Timestamp) {
        let (amount, recipients, prefix) = body.spendAlert()
        self.init(id: id, amount: amount, recipients: recipients, subjectPrefix: prefix, createdAt: now)
    }
}
