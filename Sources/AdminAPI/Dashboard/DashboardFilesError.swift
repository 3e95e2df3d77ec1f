/// Why the dashboard cannot be served from a folder.
public enum DashboardFilesError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no `index.html` in it that can be read.
    case noIndex(String)
    /// Its files have more bytes together than are held in memory.
    case tooLarge(String)

    /// What is wrong, with the folder's path.
    public var description: String {
        switch self {
        case .noIndex(let folder): "\(folder): there is no index.html that can be read"
        case .tooLarge(let folder): "\(folder): its files have more than \(DashboardFiles.sizeLimit >> 20) MiB"
        }
    }
}
