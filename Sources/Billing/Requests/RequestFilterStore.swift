import GRDB
import Tenancy

/// The entries of requests that may be wanted, the newest first: a superset only in how a request ended, because that
/// is known once its attempts are together.
struct RequestFilterStore {
    private(set) var sql = """
        SELECT * FROM ledger WHERE request_id < ? AND request_id >= ? AND kind != 'correction'
        """
    private(set) var arguments: StatementArguments

    init(_ query: RequestQuery, below: String, from: String) {
        arguments = [below, from]
        add("tenant_id = ?", query.tenantID)
        add("key_id = ?", query.keyID)
        add("model = ?", query.model)
        add("admitted_at >= ?", query.start?.microseconds)
        add("admitted_at < ?", query.end?.microseconds)
        // What only some of a request's entries say.
        let some = "request_id IN (SELECT request_id FROM ledger WHERE request_id < ? AND request_id >= ? AND"
        func addSome(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            sql += " AND \(some) \(condition))"
            arguments += [below, from, value]
        }
        addSome("pool = ?", query.pool)
        addSome("backend_id = ?", query.backendID)
        switch query.ending {
        case nil: break
        case .status(let status): addSome("status = ?", status)
        case .outcome(let outcome): addSome("outcome = ?", outcome.rawValue)
        }
        sql += " ORDER BY request_id DESC, attempt DESC, kind DESC"
    }

    private mutating func add(_ condition: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        sql += " AND \(condition)"
        arguments += [value]
    }
}
