import AdminAPI
import ArgumentParser
import Billing
import Foundation
import Tenancy

/// `tollgate restore`: puts a backup in the database's place while no gateway runs on it.
struct Restore: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put a backup in the place of the database; the gateway must be stopped.",
        discussion: """
            The backup must add up, be of this version or an older one, and be sealed with the configured master key. \
            What was there is kept beside it. Calls since the backup are not in it.
            """)

    @Argument(help: "The backup's file.")
    var file: String

    @Option(help: "The configuration file.")
    var config: String?

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try Configuration.load(path: config, environment: environment)
        let path = configuration.storagePath
        let replacement: DatabaseReplacementStore
        do {
            replacement = try DatabaseReplacementStore(path: path)
        } catch DatabaseFileError.locked {
            throw CommandFailure(.conflict, "\(path): \(RefusalWords.text(for: DatabaseFileError.locked))")
        } catch {
            throw CommandFailure(.failed, "\(path): \(RefusalWords.text(for: error))")
        }
        let source: DatabaseFile
        do {
            source = try DatabaseFile.openReadOnly(path: file)
            try check(source, try configuration.masterKey(environment))
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure(.failed, "\(file): \(RefusalWords.text(for: error))")
        }
        defer { try? source.close() }
        let kept: String?
        do {
            kept = try put(source, replacement)
        } catch {
            throw CommandFailure(.failed, "\(path): \(RefusalWords.text(for: error))")
        }
        let newest = try source.read { try LedgerStore.newestEnd($0) }
        print("restored \(path)")
        print("newest entry: \(newest?.rfc3339 ?? "none")")
        if let kept { print("what was there: \(kept)") }
    }

    private func put(_ source: DatabaseFile, _ replacement: DatabaseReplacementStore) throws -> String? {
        var bar = ProgressBar(total: 0)
        defer { bar.clear() }
        let suffix = ".before-" + BackupFolder.text(SystemClock().now())
        return try replacement.put(source, keepingOldAs: suffix) { done, total in
            if bar.total != total { bar = ProgressBar(total: total) }
            bar.show(done)
        }
    }

    private func check(_ source: DatabaseFile, _ masterKey: MasterKey) throws {
        guard try GatewayDatabase.schema(of: source) != .newer else { throw DatabaseFileError.newerSchema }
        let state = try source.read { try MasterKeyStore.state($0) }
        guard state.check != nil else {
            throw CommandFailure(.failed, "\(file): it is no database of a gateway that ran")
        }
        guard let key = state.key(from: masterKey) else {
            throw CommandFailure(
                .failed,
                "master_key: it is not the one \(file) was made with, number \(state.version) of its gateway's")
        }
        _ = try source.read { try MasterKeyRotation.check($0, with: key) }
        let differences = try GatewayDatabase.differences(in: source)
        if let first = differences.first {
            throw CommandFailure(.failed, "\(file): it does not add up: \(first)")
        }
    }
}
