import ArgumentParser
import Foundation

/// `tollgate apply`: brings the server to what a state file says.
struct Apply: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring pools, models, prices and tenants to what a state file says.",
        discussion: """
            The whole file is checked before anything changes, and only what differs is changed: a second run changes \
            nothing. { env: NAME } is looked up here. A backend's api_key cannot be read back; it is sent when the \
            backend is created, has none, or moves to another host, and with --rotate-backend-keys. What the \
            file leaves out of a pool, backend, model or tenant stays as it is; entitlements and quotas are lists of \
            their own and replaced whole.
            """)

    @Option(
        name: [.customShort("f"), .customLong("file")], help: "The state file, YAML or JSON; - is stdin.",
        completion: .file())
    var file: String

    @Flag(help: "Print the changes without making them.")
    var dryRun = false

    @Flag(
        help: """
            Also remove what the file does not name, of the kinds it holds: budgets of named tenants (not those of \
            single keys), tenants (archived), models, backends, pools.
            """)
    var prune = false

    @Flag(help: "Send the api_key of backends that exist already.")
    var rotateBackendKeys = false

    @OptionGroup var options: ClientOptions

    func run() throws {
        let state = try StateFile(
            try TextFile.read(file), file: file, environment: ProcessInfo.processInfo.environment)
        let client = try options.client()
        let server = try ServerState(client, for: state.wanted)
        try state.check(against: server, prune: prune)
        let plan = try ApplyPlanner.plan(
            state.wanted, server: server, options: ApplyOptions(prune: prune, rotateBackendKeys: rotateBackendKeys))
        let report = ApplyReport(format: options.output, isDryRun: dryRun)
        let outcome = try run(dryRun ? [] : plan.calls, client, server, report)
        report.finish(plan, outcome)
        let place = outcome.failure.flatMap { _ in state.place(of: plan.calls[outcome.made].place) }
        if let failure = ApplyReport.failure(plan, outcome, place: place) { throw failure }
    }

    private func run(
        _ calls: [ApplyCall], _ client: AdminClient, _ server: ServerState, _ report: ApplyReport
    ) throws -> ApplyOutcome {
        let bar = ProgressBar(total: calls.count)
        var made = 0
        defer { bar.clear() }
        bar.show(made)
        return try ApplyRun(client: client, tenants: server.tenants).run(calls) { call in
            made += 1
            bar.clear()
            report.made(call)
            bar.show(made)
        }
    }
}
