import AdminAPI
import ArgumentParser
import Foundation

/// `tollgate keys rotate`: a new secret for a key; the old ones end after the grace.
struct RotateKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a key a new secret, shown once.")

    @Argument(help: "The key's id.")
    var reference: String

    @Option(help: "How long the secrets before it still work, such as 24h.")
    var grace: String = "0s"

    @OptionGroup var options: ClientOptions

    func run() throws {
        guard let milliseconds = DurationText.milliseconds(grace) else {
            throw ValidationError("--grace must be a time such as 10s or 24h.")
        }
        let body: JSONValue = .object(["grace_seconds": .number(Decimal(milliseconds / 1000))])
        let path = PathText.join("keys", reference, "rotate")
        options.show(try options.client().call("POST", path, body), columns: Keys.resource.columns)
    }
}
