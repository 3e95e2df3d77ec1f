import ArgumentParser
import Foundation

/// The command line tool `tollgate`.
@main
struct Tollgate: AsyncParsableCommand {
    /// The product's version.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "tollgate",
        abstract: "A gateway in front of LLM backends that meters every call and keeps every cap.",
        discussion: """
            Commands on tenants, keys, budgets and so on talk to the Admin API. \
            Exit codes: 0 ok, 1 failed, 2 usage, 3 not found, 4 denied, 5 conflict.
            """,
        version: version,
        subcommands: [Serve.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Setup",
                subcommands: [
                    Init.self, CheckConfig.self, Apply.self, Import.self, Verify.self, Backup.self,
                    Restore.self, RotateMasterKey.self, Doctor.self, Completions.self,
                ]),
            CommandGroup(
                name: "Resource",
                subcommands: [
                    ResourceCommands<Tenants>.self, Entitlements.self, Quotas.self, ResourceCommands<Keys>.self,
                    ResourceCommands<Budgets>.self, ResourceCommands<Pools>.self, ResourceCommands<Backends>.self,
                    ResourceCommands<Models>.self, ResourceCommands<Prices>.self, ResourceCommands<Holds>.self,
                    ResourceCommands<AdminKeys>.self, ResourceCommands<Webhooks>.self,
                ]),
            CommandGroup(
                name: "Report",
                subcommands: [Usage.self, Costs.self, PeriodCommands.self, Export.self, Reconcile.self]),
        ])

    /// Runs the command and ends the process with the status the failure calls for.
    static func main() async {
        ProcessLimits.closeMemory()
        do {
            var command = try command(for: nil)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// The command that arguments ask for, by default those of the process.
    static func command(for arguments: [String]?) throws -> any ParsableCommand {
        try parseAsRoot(arguments)
    }

    private static func end(with error: any Error) -> Never {
        let code = ExitStatus.code(for: error)
        switch error {
        case is CommandFailure, is DocumentFaults:
            StandardError.write("tollgate: \(error)")
        default:
            let text = fullMessage(for: error)
            if code == ExitStatus.done.rawValue { print(text) } else if !text.isEmpty { StandardError.write(text) }
        }
        Foundation.exit(code)
    }
}
