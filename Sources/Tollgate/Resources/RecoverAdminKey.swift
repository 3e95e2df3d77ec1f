import ArgumentParser
import Foundation
import Tenancy

/// `tollgate admin-keys recover`: a way in for who may write the database, when all admin keys are lost.
struct RecoverAdminKey: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover", abstract: "Make a key of the role admin in the database of a stopped gateway.",
        discussion: "Needs no admin key, but the right to write the database. The key is shown once.")

    @Option(help: "The configuration file.")
    var config: String?

    @Option(help: "The key's name.")
    var name = "recovered"

    func run() async throws {
        if let fault = ResourceName.fault(name) { throw CommandFailure(.usage, "--name \(fault)") }
        let configuration = try Configuration.load(path: config, environment: ProcessInfo.processInfo.environment)
        print(try await IssuedAdminKey.make(name: name, in: configuration, actor: "recover"))
    }
}
