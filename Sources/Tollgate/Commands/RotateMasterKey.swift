import AdminAPI
import ArgumentParser
import Foundation
import Tenancy

/// `tollgate rotate-master-key`: another key seals what is secret in the database, while the gateway runs.
struct RotateMasterKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-master-key",
        abstract: "Seal everything under another master key; the former one stays good until --finish.",
        discussion: """
            First with --other-key-file FILE: the new key is read from there, or made there. Then put it in the place \
            of the former one, look with --verify, and --finish. --rollback takes it back before that; \
            --other-key-file then names the one of the two keys that the configuration does not.
            Keys never leave this machine in clear: the running gateway gets the new one sealed under the present one.
            """)

    @OptionGroup var options: ClientOptions

    @Option(help: "The configuration file.")
    var config: String?

    @Option(help: "The file of the key that the configuration does not name.")
    var otherKeyFile: String?

    @Flag(help: "Only open everything with the configured key, and say how things stand.")
    var verify = false

    @Flag(help: "Forget the former key.")
    var finish = false

    @Flag(help: "Go back to the former key.")
    var rollback = false

    @Flag(help: "Change the database of a gateway that does not run.")
    var offline = false

    func validate() throws {
        guard [verify, finish, rollback].count(where: \.self) <= 1 else {
            throw ValidationError("only one of --verify, --finish and --rollback")
        }
        guard (otherKeyFile != nil) == !(verify || finish) else {
            throw ValidationError("--other-key-file FILE is for the rotation itself and for --rollback")
        }
    }

    func run() throws {
        let environment = ProcessInfo.processInfo.environment
        let configuration = try Configuration.load(path: config, environment: environment)
        let configured = try configuration.masterKey(environment)
        let change = MasterKeyChange(path: configuration.storagePath, client: try client(environment))
        if verify { return show(try change.look(configured)) }
        if finish { return show(try change.finish(configured)) }
        let other = try otherKey(from: otherKeyFile ?? "")
        show(try change.rotate(configured, other, isRollback: rollback))
    }

    /// None where the database is changed directly, or nothing is changed.
    private func client(_ environment: [String: String]) throws -> AdminClient? {
        offline || verify ? nil : try options.client(environment: environment)
    }

    private func otherKey(from path: String) throws -> MasterKey {
        if !rollback, !FileManager.default.fileExists(atPath: path) {
            try SecretFile.make(path, MasterKey.generate() + "\n")
            StandardError.write("made \(path)")
        }
        do {
            return try MasterKey(base64: try SecretSource.file(path).resolve(environment: [:]))
        } catch {
            throw CommandFailure(.failed, "\(path): \(RefusalWords.text(for: error))")
        }
    }

    private func show(_ report: MasterKeyReport) {
        switch options.output {
        case .json: print(report.json.pretty)
        case .table: print(report.text)
        }
    }
}
