import ArgumentParser
import Foundation
import Tenancy

/// What every command that talks to the Admin API takes.
struct ClientOptions: ParsableArguments {
    @Option(help: "The Admin API's address; otherwise TOLLGATE_ADMIN_URL, otherwise http://127.0.0.1:8081.")
    var url: String?

    @Option(
        help: "A file with the admin key; otherwise the key is taken from TOLLGATE_ADMIN_KEY.", completion: .file())
    var keyFile: String?

    @Option(help: "How results are written: table or json.")
    var output: OutputFormat = .table

    /// A client with the address and key that apply.
    func client(environment: [String: String] = ProcessInfo.processInfo.environment) throws -> AdminClient {
        let source = keyFile.map(SecretSource.file) ?? .environment("TOLLGATE_ADMIN_KEY")
        let key: String
        do throws(SecretError) {
            key = try source.resolve(environment: environment)
        } catch {
            throw CommandFailure(.usage, "no admin key: \(error)")
        }
        return AdminClient(
            url: url ?? environment["TOLLGATE_ADMIN_URL"] ?? "http://127.0.0.1:8081", key: key,
            caFile: environment["TOLLGATE_ADMIN_CA_FILE"])
    }

    /// Writes a list to the standard output.
    func show(_ entries: [JSONValue], columns: [String]) {
        switch output {
        case .table:
            TableText.show(table.list(entries, columns: columns))
        case .json:
            let page: JSONValue = .object(["data": .array(entries), "has_more": .bool(false), "next": .null])
            print(page.pretty)
        }
    }

    /// Writes one entry to the standard output; nothing for an answer without a body.
    func show(_ entry: JSONValue, columns: [String]) {
        guard entry != .null else { return }
        switch output {
        case .table: print(table.entry(entry, first: columns))
        case .json: print(entry.pretty)
        }
    }

    private var table: TableText {
        TableText(now: SystemClock().now(), width: Terminal.width())
    }
}
