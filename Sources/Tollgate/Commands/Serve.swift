import ArgumentParser
import Foundation
import Logging
import NIOCore
import ServiceLifecycle

/// Runs the gateway in the foreground until it is told to stop.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the gateway: data plane, Admin API and metrics.")

    @Option(help: "The configuration file.")
    var config: String?

    func run() async throws {
        // Until it is listened to, a reload that comes early must not end the process.
        _ = signal(SIGHUP, SIG_IGN)
        let environment = ProcessInfo.processInfo.environment
        // Once: a reload while the file is away must not take the defaults for it, or another file.
        let file = Configuration.file(path: config)
        let configuration: Configuration
        do {
            configuration = try Configuration.read(file: file, environment: environment)
        } catch {
            Self.complain("\(error)")
            throw ExitCode.failure
        }
        let logs = LogHandlers.start(format: configuration.logFormat, level: configuration.logLevel)
        defer { logs.finish() }
        let logger = logs.logger
        let assembly: Assembly
        do {
            assembly = try await Assembly(configuration, environment: environment, logs: logs)
        } catch {
            let reason = (error as? StartRefusal)?.reason ?? "\(error)"
            logger.critical("refused to start", metadata: ["reason": "\(reason)"])
            throw ExitCode.failure
        }
        do {
            try await assembly.run(reloading: { try Configuration.read(file: file, environment: environment) })
        } catch let refusal as StartRefusal {
            logger.critical("refused to start", metadata: ["reason": "\(refusal.reason)"])
            throw ExitCode.failure
        } catch {
            logger.critical("stopped by an error", metadata: ["reason": "\(error)"])
            throw ExitCode.failure
        }
        logs.finish()
        // All is settled, written and closed; what libraries take down at an exit, threads of theirs still use.
        _exit(ExitStatus.done.rawValue)
    }

    private static func complain(_ text: String) {
        FileHandle.standardError.write(Data("tollgate: \(text)\n".utf8))
    }
}
