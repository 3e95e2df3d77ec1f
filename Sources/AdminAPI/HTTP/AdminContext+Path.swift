import Foundation
import Hummingbird

extension AdminContext {
    /// A path parameter, percent-decoded once.
    func parameter(_ name: String) throws(Problem) -> String {
        guard let raw = parameters.get(name), let text = raw.removingPercentEncoding else {
            throw Problem.notFound("resource")
        }
        return text
    }

    /// The rest of the path, percent-decoded once; may hold `/`.
    func rest() throws(Problem) -> String {
        try parameter(String(Parameters.recursiveCaptureKey))
    }
}
