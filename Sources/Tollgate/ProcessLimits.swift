import Foundation

/// What the process asks of the system before it serves.
enum ProcessLimits {
    /// Raises the soft limit of open files to the hard one: connections and upstream sockets need it.
    static func raiseOpenFiles() throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
