import Foundation
public import GRDB
import Tenancy

/// Reads and freezes the facts of months.
public enum PeriodFactsStore {
    /// What a row of facts is about.
    private enum Kind: String {
        case party, tenant, key, backend, model, price, credit, correction, hold, draw
    }

    /// The facts of a month: frozen ones once it is closed, else as the tables say now. Throws `BillingError.damaged`
    /// for a month whose close wrote down something else than what is there: a last entry moved to the front would
    /// leave all others out of its files without a word.
    public static func facts(_ db: Database, _ month: BillingPeriod, _ sources: PeriodSources) throws -> PeriodFacts {
        let period = try PeriodStore.period(db, month)
        if let seal = period.seal {
            guard seal.isIntact(of: month) else { throw BillingError.damaged("periods, \(month.text)") }
            return try frozen(db, period, seal)
        }
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
        guard let labels = try? JSONDecoder().decode([String: String].self, from: Data(tags.utf8)) else {
            throw BillingError.damaged("tags of key \(id) in api_keys")
        }
        return KeyFact(id: row[0], tenantID: row[1], name: row[2], tags: labels)
    }

    /// What the entries were priced by, and what by the end of the month providers charged for these models, and the
    /// list where another price was agreed.
    private static func prices(_ db: Database, _ names: PeriodNames, until month: BillingPeriod) throws -> [PriceFact] {
        let versions = try BillingStore.prices(db)
        let agreed = Set(versions.filter { $0.tenantID != nil && names.prices.contains($0.id) }.map(\.model))
        return versions.filter { version in
            if names.prices.contains(version.id) { return true }
            guard version.effectiveFrom < month.end, version.publishedAt < month.end else { return false }
            return version.kind == .upstream
                ? names.models.contains(version.model) : version.tenantID == nil && agreed.contains(version.model)
        }.map(PriceFact.init)
    }

    private static func byName<Fact>(_ facts: [Fact], _ name: KeyPath<Fact, String>) -> [String: Fact] {
        Dictionary(facts.map { ($0[keyPath: name], $0) }, uniquingKeysWith: { first, _ in first })
    }

    // MARK: Frozen

    /// What must be written so that exactly these facts are stored; an attempt to close that failed has left some.
    static func changes(_ facts: PeriodFacts, _ db: Database) throws -> [PeriodFactRow] {
        var rows = FactRows()
        try rows.add([facts.party], .party) { _ in "" }
        try rows.add(facts.tenants.values, .tenant, \.id)
        try rows.add(facts.keys.values, .key, \.id)
        try rows.add(facts.backends.values, .backend, \.id)
        try rows.add(facts.models.values, .model, \.name)
        try rows.add(facts.prices.values, .price, \.id)
        try rows.add(facts.credits, .credit, \.id)
        try rows.add(facts.corrections.values, .correction, \.id)
        try rows.add(facts.uncertainHolds, .hold, \.id)
        try rows.add(facts.draws.map { DrawFact(tenantID: $0.key, drawn: $0.value) }, .draw, \.tenantID)
        let left = try Row.fetchCursor(
            db, sql: "SELECT kind, id, body FROM period_facts WHERE period = ?", arguments: [facts.period.month.text])
        while let row = try left.next() { rows.compare(kind: row[0], id: row[1], body: row[2]) }
        return rows.changes
    }

    /// Writes some of the changes; the month must not be closed yet.
    static func write(_ changes: some Sequence<PeriodFactRow>, of month: BillingPeriod, _ db: Database) throws {
        let insert = try db.cachedStatement(
            sql: """
                INSERT INTO period_facts (period, kind, id, body) VALUES (?, ?, ?, ?)
                ON CONFLICT (period, kind, id) DO UPDATE SET body = excluded.body
                """)
        let delete = try db.cachedStatement(sql: "DELETE FROM period_facts WHERE period = ? AND kind = ? AND id = ?")
        for row in changes {
            if let body = row.body {
                try insert.execute(arguments: [month.text, row.kind, row.id, body])
            } else {
                try delete.execute(arguments: [month.text, row.kind, row.id])
            }
        }
    }

    /// A closed month's backends and models.
    static func routing(_ db: Database, _ month: BillingPeriod) throws -> RoutingFacts {
        let reader = Reader(month: month, db: db)
        return RoutingFacts(
            backends: byName(try reader.read(.backend), \.id), models: byName(try reader.read(.model), \.name))
    }

    /// A closed month's credits, and what was drawn in it.
    static func prepaid(_ db: Database, _ month: BillingPeriod) throws -> (credits: [CreditFact], draws: [DrawFact]) {
        let reader = Reader(month: month, db: db)
        return (credits: try reader.read(.credit), draws: try reader.read(.draw))
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

    private static func frozen(_ db: Database, _ period: Period, _ seal: PeriodSeal) throws -> PeriodFacts {
        let reader = Reader(month: period.month, db: db)
        let parties: [BillingParty] = try reader.read(.party)
        guard let party = parties.first else { throw BillingError.notFound }
        return PeriodFacts(
            period: period, formatVersion: seal.formatVersion, softwareVersion: seal.softwareVersion, party: party,
            tenants: byName(try reader.read(.tenant), \.id), keys: byName(try reader.read(.key), \.id),
            backends: byName(try reader.read(.backend), \.id), models: byName(try reader.read(.model), \.name),
            prices: byName(try reader.read(.price), \.id),
            credits: (try reader.read(.credit) as [CreditFact]).sorted { $0.id < $1.id },
            corrections: byName(try reader.read(.correction), \.id),
            uncertainHolds: (try reader.read(.hold) as [HoldFact])
                .sorted { ($0.admittedAt, $0.id) < ($1.admittedAt, $1.id) },
            previousManifestSHA256: seal.previousManifestSHA256,
            draws: (try reader.read(.draw) as [DrawFact]).reduce(into: [:]) { $0[$1.tenantID] = $1.drawn })
    }

    private struct FactRows {
        private struct Name: Hashable {
            let kind: String
            let id: String
        }

        private let encoder = JSONEncoder()
        private var bodies: [Name: String?] = [:]

        init() {
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        }

        var changes: [PeriodFactRow] { bodies.map { PeriodFactRow(kind: $0.key.kind, id: $0.key.id, body: $0.value) } }

        mutating func add<Fact: Encodable>(
            _ facts: some Sequence<Fact>, _ kind: Kind, _ id: (Fact) -> String
        ) throws {
            for fact in facts {
                let body = String(decoding: try encoder.encode(fact), as: UTF8.self)
                bodies.updateValue(body, forKey: Name(kind: kind.rawValue, id: id(fact)))
            }
        }

        /// A row that is stored: as it should be, to be replaced, or to go.
        mutating func compare(kind: String, id: String, body: String) {
            let name = Name(kind: kind, id: id)
            guard let wanted = bodies[name] else {
                bodies.updateValue(nil, forKey: name)
                return
            }
            if wanted == body { bodies.removeValue(forKey: name) }
        }
    }

    private struct Reader {
        let month: BillingPeriod
        let db: Database

        func read<Fact: Decodable>(_ kind: Kind) throws -> [Fact] {
            let decoder = JSONDecoder()
            return try Row.fetchAll(
                db, sql: "SELECT id, body FROM period_facts WHERE period = ? AND kind = ? ORDER BY id",
                arguments: [month.text, kind.rawValue]
            ).map { row in
                guard let fact = try? decoder.decode(Fact.self, from: Data((row[1] as String).utf8)) else {
                    throw BillingError.damaged("period_facts, \(kind.rawValue) \(row[0] as String)")
                }
                return fact
            }
        }
    }
}
