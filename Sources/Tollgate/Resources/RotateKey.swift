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
        let body: JSONValue = .object(["grace_seconds": .number(Decimal(try Self.seconds(grace)))])
        let path = PathText.join("keys", reference, "rotate")
        options.show(try options.client().call("POST", path, body), columns: Keys.resource.columns)
    }

    /// A time in whole seconds; one with a part of a second is refused, since it would end earlier than was asked for.
    static func seconds(_ grace: String) throws(CommandFailure) -> Int64 {
        guard let milliseconds = DurationText.milliseconds(grace) else {
            throw CommandFailure(.usage, "--grace must be a time such as 10s or 24h, not \(grace)")
        }
        let (seconds, rest) = milliseconds.quotientAndRemainder(dividingBy: 1000)
        guard rest == 0 else { throw CommandFailure(.usage, "--grace must be whole seconds, not \(grace)") }
        return seconds
    }
}
