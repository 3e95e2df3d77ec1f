import CProcess
import Foundation

/// What the process asks of the system before it serves.
enum ProcessLimits {
    /// Cores this process may run on: fewer than the machine has when it is pinned.
    static var usableCores: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let mask = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed:") }?.dropFirst(13) ?? ""
        let count = mask.reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return count > 0 ? count : ProcessInfo.processInfo.activeProcessorCount
    }

    /// Keeps secrets out of core files, and the memory closed to other processes of the same user.
    static func closeMemory() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        let core = __rlimit_resource_t(RLIMIT_CORE.rawValue)
        // Neither fails for a process that lowers what is its own.
        if setrlimit(core, &limit) != 0, getrlimit(core, &limit) == 0 {
            limit.rlim_cur = 0
            _ = setrlimit(core, &limit)
        }
        _ = cprocess_refuse_dumps()
    }

    /// Raises the soft limit of open files to the hard one: connections and upstream sockets need it.
    static func raiseOpenFiles() throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
    }
}
