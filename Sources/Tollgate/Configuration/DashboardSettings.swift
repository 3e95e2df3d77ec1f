import AdminAPI
import Foundation

/// Where the dashboard's files are and what its page may load.
struct DashboardSettings: Sendable, Equatable {
    /// The folder of the page; nil: where it is installed.
    var directory: String?
    /// Whether browsers may get Chart.js from the content network when this machine has no good copy.
    var cdnFallback = true
    /// Chart.js as the system's package installs it.
    var chartFile = "/usr/share/javascript/chart.js/chart.min.js"

    /// What the page is made of; nil where no folder was named and none is installed. Throws `StartRefusal`.
    func load() throws -> DashboardFiles? {
        let found =
            directory
            ?? DashboardFolder.find(executable: DashboardFolder.executable) {
                FileManager.default.isReadableFile(atPath: $0 + "/index.html")
            }
        guard let folder = found else { return nil }
        do {
            return try DashboardFiles(folder: folder, chartFile: chartFile, allowsContentNetwork: cdnFallback)
        } catch {
            throw StartRefusal(reason: "dashboard.directory \(error)")
        }
    }
}
