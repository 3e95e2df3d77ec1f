import Foundation
public import GRDB
import Tenancy

/// Reads and freezes the facts of months.
public enum PeriodFactsStore {
    /// What a row of facts is about.
    private enum Kind: String {
        case party, tenant, key, backend, model, price, credit, correction, hold
    }

    /// The facts of a month: frozen ones once it is closed, else as the tables say now.
    public static func facts(_ db: Database, _ month: BillingPeriod, _ sources: PeriodSources) throws -> PeriodFacts {
        let period = try PeriodStore.period(db, month)
        if period.status == .closed { return try frozen(db, period) }
        return try live(db, period, try names(db, month), sources)
    }

    /// Every name that the month's entries have.
    static func names(_ db: Database, _ month: BillingPeriod) throws -> PeriodNames {
        var names = PeriodNames()
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT DISTINCT tenant_id, key_id, model, backend_id, price_version FROM ledger WHERE period = ?
                """,
            arguments: [month.text])
        while let row = try rows.next() {
            names.tenants.insert(row[0])
            names.keys.insert(row[1])
            names.models.insert(row[2])
            names.backends.insert(row[3])
            if let version: String = row[4] { names.prices.insert(version) }
        }
        return names
    }

    // MARK: Now

    static func live(
        _ db: Database,
        _ period: Period,
        _ entryNames: PeriodNames,
        _ sources: PeriodSources
    ) throws -> PeriodFacts {
        let month = period.month
        var names = entryNames
        let holds = try uncertainHolds(db, month)
        let credits = try CreditStore.credits(db, from: month.start, until: month.end).map(CreditFact.init)
        for hold in holds {
            names.tenants.insert(hold.tenantID)
            names.keys.insert(hold.keyID)
            names.models.insert(hold.model)
        }
        names.tenants.formUnion(credits.map(\.tenantID))
        let routing = try sources.routing(db)
        let corrections = try CorrectionStore.corrections(db, from: month.start, until: month.end)
        return PeriodFacts(
            period: period, formatVersion: PeriodFacts.currentFormatVersion,
            softwareVersion: sources.softwareVersion, party: sources.party,
            tenants: byName(try names.tenants.compactMap { try tenant(db, $0) }, \.id),
            keys: byName(try names.keys.compactMap { try key(db, $0) }, \.id),
            backends: routing.backends.filter { names.backends.contains($0.key) },
            models: routing.models.filter { names.models.contains($0.key) },
            prices: byName(try prices(db, names, until: month), \.id), credits: credits,
            corrections: byName(corrections.map(CorrectionFact.init), \.id), uncertainHolds: holds,
            previousManifestSHA256: try PeriodStore.newestClosed(db)?.seal?.manifestSHA256)
    }

    static func uncertainHolds(_ db: Database, _ month: BillingPeriod) throws -> [HoldFact] {
        try LedgerStore.uncertainHolds(db).filter { month.start <= $0.admittedAt && $0.admittedAt < month.end }
            .sorted { ($0.admittedAt, $0.id.text) < ($1.admittedAt, $1.id.text) }.map(HoldFact.init)
    }

    private static func tenant(_ db: Database, _ id: String) throws -> TenantFact? {
        try TenancyStore.tenant(db, ID(id)).map(TenantFact.init)
    }

    /// Not as authentication reads keys: those whose secrets are gone have names all the same.
    private static func key(_ db: Database, _ id: String) throws -> KeyFact? {
        let row = try Row.fetchOne(
            db.cachedStatement(sql: "SELECT id, tenant_id, name, tags FROM api_keys WHERE id = ?"), arguments: [id])
        guard let row else { return nil }
        let tags: String = row[3]
        return KeyFact(
            id: row[0], tenantID: row[1], name: row[2],
            tags: try JSONDecoder().decode([String: String].self, from: Data(tags.utf8)))
    }

    /// What the entries were priced by, and what providers charged for these models by the end of the month.
    private static func prices(_ db: Database, _ names: PeriodNames, until month: BillingPeriod) throws -> [PriceFact] {
        try BillingStore.prices(db).filter { version in
            names.prices.contains(version.id)
                || version.kind == .upstream && names.models.contains(version.model)
                    && version.effectiveFrom < month.end && version.publishedAt < month.end
        }.map(PriceFact.init)
    }

    private static func byName<Fact>(_ facts: [Fact], _ name: KeyPath<Fact, String>) -> [String: Fact] {
        Dictionary(facts.map { ($0[keyPath: name], $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Frozen

    /// Writes the facts down; the month must not be closed yet.
    static func freeze(_ facts: PeriodFacts, _ db: Database) throws {
        let writer = Writer(month: facts.period.month, db: db)
        try writer.write([facts.party], .party) { _ in "" }
        try writer.write(facts.tenants.values, .tenant, \.id)
        try writer.write(facts.keys.values, .key, \.id)
        try writer.write(facts.backends.values, .backend, \.id)
        try writer.write(facts.models.values, .model, \.name)
        try writer.write(facts.prices.values, .price, \.id)
        try writer.write(facts.credits, .credit, \.id)
        try writer.write(facts.corrections.values, .correction, \.id)
        try writer.write(facts.uncertainHolds, .hold, \.id)
    }

    /// SHA-256 over a month's frozen facts in order of kind and id, as hexadecimal digits.
    static func digest(_ db: Database, _ month: BillingPeriod) throws -> String {
        var hash = CanonicalHash("tollgate facts 1")
        let rows = try Row.fetchCursor(
            db, sql: "SELECT kind, id, body FROM period_facts WHERE period = ? ORDER BY kind, id",
            arguments: [month.text])
        while let row = try rows.next() { hash.add([row[0], row[1], row[2]] as [String?]) }
        return hash.hex
    }

    private static func frozen(_ db: Database, _ period: Period) throws -> PeriodFacts {
        let reader = Reader(month: period.month, db: db)
        let parties: [BillingParty] = try reader.read(.party)
        guard let seal = period.seal, let party = parties.first else { throw BillingError.notFound }
        return PeriodFacts(
            period: period, formatVersion: seal.formatVersion, softwareVersion: seal.softwareVersion, party: party,
            tenants: byName(try reader.read(.tenant), \.id), keys: byName(try reader.read(.key), \.id),
            backends: byName(try reader.read(.backend), \.id), models: byName(try reader.read(.model), \.name),
            prices: byName(try reader.read(.price), \.id),
            credits: (try reader.read(.credit) as [CreditFact]).sorted { $0.id < $1.id },
            corrections: byName(try reader.read(.correction), \.id),
            uncertainHolds: (try reader.read(.hold) as [HoldFact])
                .sorted { ($0.admittedAt, $0.id) < ($1.admittedAt, $1.id) },
            previousManifestSHA256: seal.previousManifestSHA256)
    }

    private struct Writer {
        let month: BillingPeriod
        let db: Database

        func write<Fact: Encodable>(
            _ facts: some Sequence<Fact>, _ kind: Kind, _ id: (Fact) -> String
        ) throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let statement = try db.cachedStatement(
                sql: "INSERT INTO period_facts (period, kind, id, body) VALUES (?, ?, ?, ?)")
            for fact in facts {
                let body = String(decoding: try encoder.encode(fact), as: UTF8.self)
                try statement.execute(arguments: [month.text, kind.rawValue, id(fact), body])
            }
        }
    }

    private struct Reader {
        let month: BillingPeriod
        let db: Database

        func read<Fact: Decodable>(_ kind: Kind) throws -> [Fact] {
            let decoder = JSONDecoder()
            return try String.fetchAll(
                db, sql: "SELECT body FROM period_facts WHERE period = ? AND kind = ? ORDER BY id",
                arguments: [month.text, kind.rawValue]
            ).map { try decoder.decode(Fact.self, from: Data($0.utf8)) }
        }
    }
}
