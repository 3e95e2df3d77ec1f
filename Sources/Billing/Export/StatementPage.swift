import Tenancy

/// A page to print for each tenant: what was used, at which price, and what is to be paid. Amounts are exact; the
/// amount due is rounded to cents once.
struct StatementPage: ExportEncoder {
    private struct LineKey: Hashable {
        let model: String
        let meter: String
        let unitPrice: Money
        let kind: String
        let corrects: String
        let correctionID: String
    }

    private struct Account {
        var lines: [LineKey: ExportTotals] = [:]
        var total = ExportTotals()
    }

    private let facts: PeriodFacts
    private let query: ExportQuery
    private var accounts: [String: Account] = [:]
    private(set) var count: Int64 = 0

    init(_ query: ExportQuery, _ facts: PeriodFacts) {
        self.query = query
        self.facts = facts
    }

    mutating func begin() -> [UInt8] {
        let title = HTMLText.escaped("Statement \(facts.period.month) \(facts.party.issuer)")
        return Array(
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <title>\(title)</title>
            <style>
            body { font: 11pt/1.4 sans-serif; color: #111; margin: 2rem auto; max-width: 50rem; }
            section { break-after: page; } section:last-child { break-after: auto; }
            table { border-collapse: collapse; width: 100%; } thead { display: table-header-group; }
            th, td { border-bottom: 1px solid #bbb; padding: .25rem .5rem; text-align: left; vertical-align: top; }
            td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } tr { break-inside: avoid; }
            dl { display: grid; grid-template-columns: max-content auto; gap: .1rem 1rem; } dd { margin: 0; }
            .due { font-size: 1.3em; font-weight: bold; } @page { margin: 18mm; }
            @media print { body { margin: 0; max-width: none; } }
            </style>
            </head>
            <body>

            """.utf8)
    }

    mutating func rows(_ rows: [ExportRow]) -> [UInt8] {
        for row in rows {
            let key = LineKey(
                model: row.model, meter: row.meter.map(FocusWords.words) ?? "", unitPrice: row.unitPrice,
                kind: row.kind.rawValue, corrects: row.correctsPeriod ?? "",
                correctionID: row.correctionID ?? "")
            accounts[row.tenantID, default: Account()].lines[key, default: ExportTotals()].add(row)
            accounts[row.tenantID]?.total.add(row)
        }
        return []
    }

    mutating func end() -> [UInt8] {
        var page = ""
        for id in accounts.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let account = accounts[id] else { continue }
            page += section(id, account)
            count += 1
        }
        if accounts.isEmpty { page += "<p>Nothing was charged.</p>\n" }
        return Array((page + "</body>\n</html>\n").utf8)
    }

    private func section(_ id: String, _ account: Account) -> String {
        let tenant = facts.tenants[id]
        var terms = [
            ("Tenant", tenant?.name ?? id), ("Tenant id", id), ("Account", facts.party.accountName),
            ("Period", "\(facts.period.month) (UTC)"), ("Status", facts.period.status.rawValue),
            ("Currency", facts.party.currency),
        ]
        if let reference = tenant?.externalReference { terms.insert(("Your reference", reference), at: 1) }
        if let seal = facts.period.seal { terms.append(("Closed", String(seal.closedAt.rfc3339.prefix(10)))) }
        for filter in query.filters where filter.name != "tenant_id" { terms.append((filter.name, filter.value)) }
        let list = terms.map { "<dt>\(HTMLText.escaped($0.0))</dt><dd>\(HTMLText.escaped($0.1))</dd>" }
        let total = account.total
        let credits = [
            ("Paid from prepaid credit", total.billed - total.cost - total.purchases + total.credits),
            ("Prepaid purchases", total.purchases), ("Goodwill", .zero - total.credits),
        ].filter { $0.1 != .zero }
        let rows = ([("Charges", total.cost)] + credits + closing(total)).map { name, amount in
            "<tr><th>\(name)</th><td class=\"n\">\(amount.decimal)</td></tr>\n"
        }
        return """
            <section>
            <h1>\(HTMLText.escaped(facts.party.issuer)): statement</h1>
            <dl>\(list.joined())</dl>
            <table>
            <thead><tr><th>Model</th><th>Meter</th><th class="n">Units</th><th class="n">Unit price</th>\
            <th class="n">Amount</th></tr></thead>
            <tbody>
            \(lines(account))</tbody>
            </table>
            <table>
            \(rows.joined())</table>
            \(verdict(total))
            </section>

            """
    }

    /// Only a closed month of a whole tenant asks for money, and is rounded.
    private var isInvoice: Bool { facts.period.status == .closed && query.tag == nil }

    private func closing(_ total: ExportTotals) -> [(String, Money)] {
        guard isInvoice else { return [("Total", total.billed)] }
        let rounding = StatementRounding.difference(total.billed)
        return [("Total, as invoiced", total.billed)] + (rounding == .zero ? [] : [("Rounding to cents", rounding)])
    }

    private func verdict(_ total: ExportTotals) -> String {
        let amount = "\(facts.party.currency) \(StatementRounding.cents(total.billed))"
        if isInvoice { return #"<p class="due">Amount due: \#(amount)</p>"# }
        if query.tag != nil { return #"<p class="due">Spend of a part, not an invoice: \#(amount)</p>"# }
        return #"<p class="due">So far, not an invoice: \#(amount)</p>"#
    }

    private func lines(_ account: Account) -> String {
        let keys = account.lines.keys.sorted { left, right in
            for (one, other) in [
                (left.kind, right.kind), (left.corrects, right.corrects), (left.model, right.model),
                (left.meter, right.meter), (left.correctionID, right.correctionID),
            ] where one != other {
                return one.utf8.lexicographicallyPrecedes(other.utf8)
            }
            return left.unitPrice < right.unitPrice
        }
        return keys.map { key in
            let sums = account.lines[key] ?? ExportTotals()
            let isUsage = key.kind == ExportRow.Kind.usage.rawValue
            let reason = facts.corrections[key.correctionID].map { ": " + $0.reason } ?? ""
            let meter =
                (isUsage ? key.meter : key.kind)
                + (key.corrects.isEmpty ? "" : ", correction of \(key.corrects)\(reason)")
            let amount = isUsage || key.kind == ExportRow.Kind.adjustment.rawValue ? sums.cost : sums.billed
            return "<tr><td>\(HTMLText.escaped(key.model))</td><td>\(HTMLText.escaped(meter))</td>"
                + "<td class=\"n\">\(isUsage ? String(sums.units) : "")</td>"
                + "<td class=\"n\">\(isUsage ? key.unitPrice.decimal : "")</td>"
                + "<td class=\"n\">\(amount.decimal)</td></tr>\n"
        }.joined()
    }
}
