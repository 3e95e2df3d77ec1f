import ArgumentParser
import Foundation
import Tenancy

/// `tollgate check-config`: says whether the gateway would start with a configuration.
struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file, and the secrets and files it names.")

    @Option(help: "The configuration file.")
    var config: String?

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try Configuration.load(path: config, environment: environment)
        let problems = Self.problems(with: configuration, environment)
        guard problems.isEmpty else { throw CommandFailure(.failed, problems.joined(separator: "\n")) }
        print("ok")
    }

    /// What is wrong with the secrets and files and, where it must hold an admin key, with the database; empty if
    /// nothing is.
    static func problems(with configuration: Configuration, _ environment: [String: String]) -> [String] {
        var problems: [String] = []
        do {
            _ = try MasterKey(base64: try configuration.masterKey.resolve(environment: environment))
        } catch {
            problems.append("master_key: \(RefusalWords.text(for: error))")
        }
        let files: [() throws -> Void] = [
            { _ = try configuration.tls?.load() }, { _ = try configuration.dashboard.load() },
            configuration.checkAuthorities,
        ]
        for check in files {
            do { try check() } catch { problems.append("\(error)") }
        }
        do {
            _ = try BootstrapCredential.resolve(configuration.adminKey, environment: environment) {
                try GatewayDatabase.hasAdmin(path: configuration.storagePath)
            }
        } catch let refusal as StartRefusal {
            problems.append(refusal.reason)
        } catch {
            problems.append("storage \(configuration.storagePath): \(RefusalWords.text(for: error))")
        }
        return problems
    }
}
