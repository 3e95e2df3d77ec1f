import Foundation
import Proxy

/// Whether an instance runs on the database, and what its Admin API says.
struct GatewayFacts: Sendable, Equatable {
    /// One GET, which waits for its end.
    typealias Fetch = (_ url: String, _ headers: [(String, String)]) throws -> AdminAnswer

    /// Whether the database's lock is held; nil where the system does not tell.
    var isLocked: Bool?
    /// The status of `/admin/v1/status`; nil: nobody answers.
    var status: Int?
    /// The status that the bootstrap credential got; nil: it was not sent, or nobody answers.
    var credentialStatus: Int?
    /// Whether the ledger can be written; nil: not said.
    var isWritable: Bool?

    var isRunning: Bool { isLocked ?? (status != nil) }

    init(isLocked: Bool?, status: Int? = nil, isWritable: Bool? = nil) {
        self.isLocked = isLocked
        self.status = status
        self.isWritable = isWritable
    }

    /// Asks the Admin API. Only who holds the lock is ours to show the credential to: somebody
    /// else may listen at the address while the gateway is down.
    ///
    /// - Parameters:
    ///   - isLocked: whether the database's lock is held; nil where the system does not tell.
    ///   - key: the bootstrap credential; nil: there is none that can be used.
    init(_ configuration: Configuration, isLocked: Bool?, key: String?, fetch: Fetch = Self.answer) {
        self.isLocked = isLocked
        let shown = isLocked == true ? key : nil
        let headers = shown.map { [("authorization", "Bearer \($0)")] } ?? []
        let scheme = configuration.tls == nil ? "http" : "https"
        let answer = try? fetch("\(scheme)://\(configuration.adminListen.reachable)/admin/v1/status", headers)
        status = answer?.status
        credentialStatus = shown == nil ? nil : status
        let journal = answer.flatMap { JSONValue(bytes: $0.body) }?["journal"]
        if case .bool(let writable)? = journal?["writable"] { isWritable = writable }
    }

    private static func answer(_ url: String, _ headers: [(String, String)]) throws -> AdminAnswer {
        let answer = try HTTPFetch.run(
            method: "GET", url: url, headers: headers, body: [], timeoutMS: 5000, maxBody: 1 << 24)
        return AdminAnswer(status: answer.status, body: answer.body)
    }

    /// The finding on the instance itself.
    func finding(at address: String) -> Finding {
        let check = "gateway"
        switch (isRunning, status) {
        case (true, nil):
            return .warn(
                check, "an instance holds the database, but nobody answers at \(address)",
                fix: "see its log; the configuration may be another than the one it was started with")
        case (false, _?):
            return .warn(
                check, "none holds this database, but somebody answers at \(address)",
                fix: "see which configuration that instance was started with")
        case (true, _?) where isWritable == false:
            return .fail(check, "runs, but cannot write its ledger", fix: "see the disk, then its log")
        case (true, _?): return .ok(check, "runs, and answers at \(address)")
        case (false, nil): return .ok(check, "does not run")
        }
    }
}
