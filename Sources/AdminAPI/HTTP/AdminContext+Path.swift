import Foundation
import Hummingbird

extension AdminContext {
    /// A path parameter, percent-decoded once; `{name...}` may hold `/`.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let text = pathParameters[name]?.removingPercentEncoding else { throw Problem.notFound("resource") }
        return text
    }
}
