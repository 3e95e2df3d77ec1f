import Foundation
import Proxy

/// Whether an instance runs on the database, and what its Admin API says.
struct GatewayFacts: Sendable, Equatable {
    /// Whether the database's lock is held; nil where the system does not tell.
    var isLocked: Bool?
    /// The status of `/admin/v1/status` with the bootstrap credential; nil: nobody answers.
    var status: Int?
    /// Whether the ledger can be written; nil: not said.
    var isWritable: Bool?

    var isRunning: Bool { isLocked ?? (status != nil) }

    init(isLocked: Bool?, status: Int? = nil, isWritable: Bool? = nil) {
        self.isLocked = isLocked
        self.status = status
        self.isWritable = isWritable
    }

    /// Looks at the lock and asks the Admin API.
    ///
    /// - Parameter key: the bootstrap credential; nil: there is none that can be used.
    init(_ configuration: Configuration, key: String?) {
        isLocked = LockFacts.isLocked(configuration.storagePath + ".lock")
        let headers = key.map { [("authorization", "Bearer \($0)")] } ?? []
        let url = "http://\(configuration.adminListen.reachable)/admin/v1/status"
        let answer = try? HTTPFetch.run(
            method: "GET", url: url, headers: headers, body: [], timeoutMS: 5000, maxBody: 1 << 24)
        status = answer?.status
        let journal = answer.flatMap { JSONValue(bytes: $0.body) }?["journal"]
        if case .bool(let writable)? = journal?["writable"] { isWritable = writable }
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
