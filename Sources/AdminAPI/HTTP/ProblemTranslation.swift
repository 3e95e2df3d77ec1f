import Billing
import HTTPTypes
import Proxy
import Tenancy

/// The one place that says how each error is answered.
enum ProblemTranslation {
    /// What is not known here is `internalError`.
    static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as TenancyError: problem(error)
        case let error as RoutingError: problem(error)
        case let error as BillingError: problem(error)
        case let error as PeriodError: problem(error)
        case ExportError.unknownFormatVersion(let version): unknownFormatVersion(version)
        case let error as KeyHasherError: problem(error)
        case let error as RotationError: problem(error)
        case is HoldError: .notFound("uncertain hold")
        case LedgerError.unavailable: unavailable("ledger_unavailable", "the database cannot be written now")
        default: .internalError
        }
    }

    private static func problem(_ error: TenancyError) -> Problem {
        switch error {
        case .notFound: .notFound("tenant or key")
        case .nameTaken: .conflict("name_taken", "another tenant has that name")
        case .duplicate: .conflict("duplicate", "that id exists already")
        case .invalid: .invalid([], code: "invalid_request")
        case .damaged: .internalError
        }
    }

    private static func problem(_ error: RoutingError) -> Problem {
        switch error {
        case .notFound: .notFound("pool, backend or model")
        case .nameTaken: .conflict("name_taken", "that name is taken")
        case .inUse: .conflict("in_use", "a backend or a model's target still names the pool")
        case .unknownPool(let name): .unknown("pool", name, at: "/pool")
        }
    }

    private static func problem(_ error: BillingError) -> Problem {
        switch error {
        case .notFound: .notFound("budget or price")
        case .twin: .conflict("twin_budget", "a budget with the same scope, window and mode exists")
        case .conflict: .conflict("price_conflict", "a price for the same model and instant has other numbers")
        case .unknownScope: .invalid("/tenant_id", "names an unknown tenant or key", code: "unknown_tenant")
        case .unknownTenant(let id): .unknown("tenant", id, at: "/tenant_id")
        case .outOfRange: .invalid("/amount", "does not fit one ledger line", code: "amount_out_of_range")
        case .unknownZone, .damaged: .internalError
        }
    }

    private static func unknownFormatVersion(_ version: Int64) -> Problem {
        .conflict(
            "unknown_format_version",
            "the month was closed with format_version \(version), which needs a later version of Tollgate")
    }

    private static func problem(_ error: PeriodError) -> Problem {
        switch error {
        case .notEnded(let end): .conflict("period_not_ended", "the month ends at \(end.rfc3339)")
        case .notClosed:
            .conflict("period_not_closed", "only a closed month is corrected; this one still takes entries")
        }
    }

    private static func problem(_ error: KeyHasherError) -> Problem {
        switch error {
        case .full, .late: unavailable("busy", "too many keys are being hashed now")
        case .failed: .internalError
        }
    }

    private static func problem(_ error: RotationError) -> Problem {
        let code =
            switch error {
            case .notPresent: "master_key_mismatch"
            case .unfinished: "rotation_unfinished"
            case .sealed: "secret_sealed"
            }
        return .conflict(code, error.text)
    }

    private static func unavailable(_ code: String, _ detail: String) -> Problem {
        Problem(status: .serviceUnavailable, code: code, detail: detail)
    }
}
