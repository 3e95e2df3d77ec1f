import ArgumentParser
import Billing
import Foundation
import Tenancy

/// `tollgate verify`: recomputes the ledger from its entries and the chains of closed months and the audit log; it only
/// reads, beside a running gateway too.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Recompute every account, roll-up, closed month and the audit log's chain, and compare.",
        discussion: "Prints `clean`, or each difference and exits with 1. Leftover holds are not differences.")

    @Option(help: "The configuration file.")
    var config: String?

    func run() throws {
        let configuration = try Configuration.load(path: config, environment: ProcessInfo.processInfo.environment)
        let path = configuration.storagePath
        let differences: [String]
        do {
            differences = try GatewayDatabase.differences(path: path)
        } catch {
            throw CommandFailure(.failed, "\(path): \(RefusalWords.text(for: error))")
        }
        guard differences.isEmpty else {
            for difference in differences { print(difference) }
            throw ExitCode.failure
        }
        print("clean")
    }
}
