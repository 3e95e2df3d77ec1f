import Billing
import Hummingbird
import Proxy
import Tenancy

extension AdminContext {
    /// A path parameter, percent-decoded once; `{name...}` may hold `/`.
    func parameter(_ name: String) throws(Problem) -> String {
        // No name has a NUL, and the database would take what is before it for the whole.
        guard let text = pathParameters[name].flatMap({ PercentCoding.exact($0) }), !text.utf8.contains(0) else {
            throw Problem.notFound("resource")
        }
        return text
    }

    /// The billing month of the path; a 404 for what is none, and for one that has not begun at `now`.
    func month(begunBy now: Timestamp? = nil) throws(Problem) -> BillingPeriod {
        guard let month = BillingPeriod(try parameter("period")), now.map({ month.start <= $0 }) ?? true else {
            throw Problem.notFound("period")
        }
        return month
    }
}
