import ArgumentParser
import Foundation
import Tenancy

/// `tollgate backup`: a copy of the database, beside a running gateway too.
struct Backup: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Copy the database to a file that adds up, beside a running gateway too.",
        discussion: """
            Without --directory the folder is the configuration's backup.directory, where all but the newest \
            backup.keep, and those older than backup.keep_days, are removed. Master key, configuration and key files \
            are not in it: keep them elsewhere.
            """)

    @Option(help: "The configuration file.")
    var config: String?

    @Option(help: "Where to put it; nothing is removed there.")
    var directory: String?

    func run() throws {
        let configuration = try Configuration.load(path: config, environment: ProcessInfo.processInfo.environment)
        let settings = directory.map { BackupSettings(directory: $0, keep: .max) } ?? configuration.backup
        guard let settings else {
            throw CommandFailure(.usage, "say where to: --directory, or backup.directory in the configuration")
        }
        do {
            let file = try DatabaseFile.openReadOnly(path: configuration.storagePath)
            defer { try? file.close() }
            WorkerThread.stepBack(to: .last)
            let maker = BackupMaker(settings)
            var bar = ProgressBar(total: 0)
            defer { bar.clear() }
            let made = try maker.make(of: file, at: SystemClock().now()) { done, total in
                if bar.total != total { bar = ProgressBar(total: total) }
                bar.show(done)
            }
            bar.clear()
            print(made.entry.path)
            if let reason = made.leftBehind { StandardError.write("an older backup could not be removed: \(reason)") }
        } catch {
            throw CommandFailure(.failed, "\(configuration.storagePath): \(RefusalWords.text(for: error))")
        }
    }
}
