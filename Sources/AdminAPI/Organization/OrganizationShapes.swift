import Billing
import Tenancy

/// Shapes that several resources of the organization share.
enum OrganizationShapes {
    /// The answer to a deletion.
    static func deleted(_ id: String? = nil, _ object: String) -> Answer {
        let members = id.map { [JSONMember("id", .string($0))] } ?? []
        return .ok(
            .object(members + [JSONMember("object", .string(object + ".deleted")), JSONMember("deleted", true)]))
    }

    /// An alert, of a project or of all.
    static func alert(
        _ id: String, _ object: String, _ amount: Money, to recipients: [String], _ prefix: String?
    ) -> JSONValue {
        [
            "id": .string(id),
            "object": .string(object),
            "currency": "USD",
            "interval": "month",
            "threshold_amount": cents(amount),
            "notification_channel": [
                "type": "email",
                "recipients": .texts(recipients),
                "subject_prefix": .text(prefix),
            ],
        ]
    }

    /// A key's text with its secret left out, which nobody but its holder has.
    static func redacted(_ prefix: String, _ publicID: String) -> JSONValue {
        .string("\(prefix)_\(publicID)_…")
    }

    /// Seconds since 1970, or null.
    static func seconds(_ instant: Timestamp?) -> JSONValue { .integer(instant?.seconds) }

    /// Cents that fit into an amount; a part of a cent is left out.
    static func cents(_ amount: Money) -> JSONValue { .integer(amount.pico / picoPerCent) }

    /// An amount of cents.
    static func money(cents: Int64) -> Money { Money(pico: Int128(cents) * picoPerCent) }

    /// Cents that a limit or an alert may have: up to 1e12 USD.
    static let centsRange: ClosedRange<Int64> = 0...100_000_000_000_000

    private static let picoPerCent: Int128 = 10_000_000_000
}

extension JSONObject {
    /// An amount a month in US dollars, as limits and alerts have it.
    func monthlyAmount() -> Money {
        if required("currency", .text(), else: "USD") != "USD" { fail("currency", "must be USD") }
        if required("interval", .text(), else: "month") != "month" { fail("interval", "must be month") }
        return OrganizationShapes.money(
            cents: required("threshold_amount", .integer(OrganizationShapes.centsRange), else: 0))
    }

    /// What an alert says: its amount, whom it tells, and how a mail's subject is to begin.
    func spendAlert() -> (amount: Money, recipients: [String], subjectPrefix: String?) {
        let amount = monthlyAmount()
        require("notification_channel")
        let channel = object("notification_channel")
        if let type = channel?.required("type", .text(), else: "email"), type != "email" {
            channel?.fail("type", "must be email")
        }
        let recipients = channel?.required("recipients", .texts(.label(atMost: 254), atMost: 50), else: []) ?? []
        let prefix = channel?.nullable("subject_prefix", .label(atMost: 128)).value
        if amount == .zero { fail("threshold_amount", "must be above 0") }
        return (amount, recipients, prefix)
    }

    /// The end of a life of that many seconds from now, up to ten years; nil if absent or null.
    func expiry(at now: Timestamp) -> Timestamp? {
        nullable("expires_in_seconds", .integer(1...315_360_000)).value.map { now.adding(milliseconds: $0 * 1000) }
    }

    /// Fields that stand for what Tollgate does not have; null passes.
    func refuse(_ names: String...) {
        for name in names { _ = nullable(name, FieldRule<Bool>.never) }
    }
}

extension FieldRule where Value == Bool {
    /// Takes nothing at all.
    fileprivate static var never: FieldRule {
        FieldRule { _ throws(FieldFault) in
            throw FieldFault("is not supported", code: "unsupported_parameter")
        }
    }
}
