import ArgumentParser
import Foundation
import Tenancy

/// `tollgate doctor`: says what is wrong with an installation, and what to do about it.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check an installation: clock, files, database, disk, backends, prices, holds.",
        discussion: """
            Only reads: beside a running gateway, on a stopped one or a just-killed one. Each backend is asked once. \
            Exits with 1 if something fails; warnings alone are 0.
            """)

    @Option(help: "The configuration file.")
    var config: String?

    @Option(help: "How findings are written: table or json.")
    var output: OutputFormat = .table

    func run() throws {
        let findings = findings()
        switch output {
        case .table: print(DoctorReport.text(findings, width: Terminal.width()))
        case .json: print(DoctorReport.json(findings).pretty)
        }
        if findings.contains(where: { $0.state == .fail }) { throw ExitCode.failure }
    }

    private func findings() -> [Finding] {
        let environment = ProcessInfo.processInfo.environment
        do {
            let configuration = try Configuration.load(path: config, environment: environment)
            return DoctorRun(
                configuration: configuration, file: Configuration.file(path: config), environment: environment,
                time: SystemClock()
            ).findings()
        } catch {
            return [.fail("configuration", "\(error)", fix: "mend it; tollgate check-config says when it is right")]
        }
    }
}
