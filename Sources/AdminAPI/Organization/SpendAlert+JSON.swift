import Billing
import Tenancy

extension SpendAlert {
    /// The alert as a project has it.
    var json: JSONValue {
        [
            "id": .string(id.text),
            "object": "project.spend_alert",
            "currency": "USD",
            "interval": "month",
            "threshold_amount": OrganizationShapes.cents(amount),
            "notification_channel": [
                "type": "email",
                "recipients": .texts(recipients),
                "subject_prefix": .text(subjectPrefix),
            ],
        ]
    }

    /// Reads a whole alert.
    init(_ body: JSONObject, id: ID<SpendAlert>, of tenant: ID<Tenant>, at now: Timestamp) {
        let amount = body.monthlyAmount()
        body.require("notification_channel")
        let channel = body.object("notification_channel")
        if let type = channel?.required("type", .text(), else: "email"), type != "email" {
            channel?.fail("type", "must be email")
        }
        self.init(
            id: id, tenantID: tenant, amount: amount,
            recipients: channel?.required("recipients", .texts(.label(atMost: 254), atMost: 50), else: []) ?? [],
            subjectPrefix: channel?.nullable("subject_prefix", .label(atMost: 128)).value, createdAt: now)
        if amount == .zero { body.fail("threshold_amount", "must be above 0") }
    }
}
