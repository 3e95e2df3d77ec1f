/// Where the dashboard's files are and what its page may load.
struct DashboardSettings: Sendable, Equatable {
    /// The folder of the page; nil: where it is installed.
    var directory: String?
    /// Whether browsers may get Chart.js from the content network when this machine has no good copy.
    var cdnFallback = true
    /// Chart.js as the system's package installs it.
    var chartFile = "/usr/share/javascript/chart.js/chart.min.js"
}
