public import Tenancy

/// Something an operator wants to hear of, once. Its id stays the same however often it is sent.
public struct AlertEvent: Sendable, Equatable {
    /// What it is about; the raw value is what webhooks subscribe to.
    public enum Kind: String, CaseIterable, Sendable {
        /// A budget's spend reached one of its thresholds.
        case budgetThreshold = "budget.threshold"
        /// At its pace a budget's spend will pass the limit before the window ends.
        case budgetForecast = "budget.forecast"
        /// The spend of all tenants in a UTC month reached an amount.
        case spendThreshold = "spend.threshold"
        /// A backend takes no calls any more.
        case backendDown = "backend.down"
        /// It does again.
        case backendUp = "backend.up"
        /// A billing month was closed.
        case periodClosed = "period.closed"
        /// A call cost more than was held for it.
        case ledgerExcess = "ledger.excess"
    }

    /// `msg_…`, the `webhook-id` of every attempt to deliver it.
    public let id: ID<AlertEvent>
    /// The raw value of a kind, or `webhook.test`.
    public let type: String
    /// When it happened.
    public let at: Timestamp
    /// What is known of it, by name; never content of requests, never secrets.
    public let fields: [String: String?]

    init(type: String, at instant: Timestamp, fields: [String: String?]) {
        id = ID.make(prefix: "msg", at: instant)
        self.type = type
        at = instant
        self.fields = fields
    }

    private init(_ kind: Kind, at instant: Timestamp, _ fields: [String: String?]) {
        self.init(type: kind.rawValue, at: instant, fields: fields)
    }

    // MARK: The events

    /// A backend went down, or is up again.
    public static func backend(
        isUp: Bool,
        id: String,
        name: String,
        pool: String,
        reason: String,
        at instant: Timestamp,
        cooldownEnd: Timestamp? = nil
    ) -> AlertEvent {
        AlertEvent(
            isUp ? .backendUp : .backendDown, at: instant,
            [
                "backend_id": id, "backend": name, "pool": pool, "reason": reason,
                "cooling_until": cooldownEnd?.rfc3339,
            ])
    }

    /// A billing month, written `2026-11`, was closed. Raise it in the transaction that closes it.
    public static func periodClosed(_ period: String, at instant: Timestamp) -> AlertEvent {
        AlertEvent(.periodClosed, at: instant, ["period": period, "closed_at": instant.rfc3339])
    }

    /// The call of an operator who wants to see whether a webhook works.
    public static func test(webhook: String, at instant: Timestamp) -> AlertEvent {
        AlertEvent(type: "webhook.test", at: instant, fields: ["webhook_id": webhook])
    }

    /// An entry beyond the hold of its attempt.
    static func excess(_ entry: LedgerEntry) -> AlertEvent {
        let hold = entry.hold
        return AlertEvent(
            .ledgerExcess, at: entry.endedAt,
            [
                "request_id": hold.id.request, "attempt": String(hold.id.attempt), "tenant_id": hold.tenantID.text,
                "key_id": hold.keyID.text, "model": hold.model, "pool": hold.pool, "backend_id": entry.backendID,
                "held": hold.amount.decimal, "excess": entry.cost.decimal, "admitted_at": hold.admittedAt.rfc3339,
            ])
    }

    /// The spend of all tenants in a month reached the amount of an alert.
    static func spend(
        of month: BillingPeriod, _ posted: Money, _ alert: OrganizationAlert, at instant: Timestamp
    ) -> AlertEvent {
        var fields: [String: String?] = [
            "alert_id": alert.id.text, "window": "month", "window_start": month.start.rfc3339,
            "resets_at": month.next.start.rfc3339, "posted": posted.decimal, "amount": alert.amount.decimal,
        ]
        if !alert.recipients.isEmpty { fields["recipients"] = alert.recipients.joined(separator: ",") }
        return AlertEvent(.spendThreshold, at: instant, fields)
    }

    /// An alert of a budget; `recipients` are those who asked to be told of its amount.
    static func budget(
        _ check: AlertCheck,
        _ alert: AlertRule.Alert,
        recipients: [String] = [],
        at instant: Timestamp
    ) -> AlertEvent {
        let budget = check.budget
        let isTotal = budget.window == .total
        var fields: [String: String?] = [
            "budget_id": budget.id.text, "tenant_id": budget.tenantID.text, "key_id": budget.keyID?.text,
            "model": budget.model, "pool": budget.pool, "window": budget.window.rawValue,
            "window_start": isTotal ? nil : check.window.start.rfc3339,
            "resets_at": isTotal ? nil : check.window.end.rfc3339, "mode": budget.mode.rawValue,
            "limit": check.limit.decimal, "posted": check.posted.decimal,
        ]
        switch alert {
        case .threshold(let threshold):
            fields["threshold"] = threshold
            return AlertEvent(.budgetThreshold, at: instant, fields)
        case .amount(let amount):
            fields["amount"] = amount.decimal
            if !recipients.isEmpty { fields["recipients"] = recipients.joined(separator: ",") }
            return AlertEvent(.budgetThreshold, at: instant, fields)
        case .forecast(let projected):
            fields["projected"] = projected.decimal
            return AlertEvent(.budgetForecast, at: instant, fields)
        }
    }
}
