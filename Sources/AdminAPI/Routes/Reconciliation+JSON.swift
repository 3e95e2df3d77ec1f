import Billing
import Tenancy

extension Reconciliation {
    /// All but the lines, and what they come to.
    var summary: JSONValue {
        let sums = [\ReconciliationLine.captured, \.billed].map { amount in
            lines.reduce(Money.zero) { $0 + $1[keyPath: amount] }
        }
        return [
            "id": .string(id.text),
            "provider": .string(provider),
            "backend_id": .text(backendID),
            "sha256": .string(sha256),
            "created_at": .string(createdAt.rfc3339),
            "created_by": .string(createdBy),
            "captured": .string(sums[0].decimal),
            "billed": .string(sums[1].decimal),
        ]
    }

    /// The whole table.
    var json: JSONValue {
        summary.adding(
            "lines",
            .array(
                lines.map { line in
                    [
                        "day": .string(line.day),
                        "model": .text(line.model),
                        "captured": .string(line.captured.decimal),
                        "billed": .string(line.billed.decimal),
                        "ratio": .text(line.ratio),
                        "cause": .string(line.cause.rawValue),
                        "calls": .integer(line.calls),
                    ]
                }))
    }
}
