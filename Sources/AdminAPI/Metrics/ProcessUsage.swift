import Foundation

/// What the operating system says of this process; zeros where it does not say.
public struct ProcessUsage: Sendable, Equatable {
    var residentBytes: Int64 = 0
    var virtualBytes: Int64 = 0
    /// User and system time, in hundredths of a second.
    var cpuTicks: Int64 = 0
    var openFiles = 0
    var maxFiles: Int64 = 0
    /// Seconds since 1970, in hundredths.
    var startedCentiseconds: Int64 = 0

    /// Reads `/proc/self`.
    static func current() -> ProcessUsage {
        var usage = ProcessUsage()
        let memory = memory()
        (usage.virtualBytes, usage.residentBytes) = (memory.virtual, memory.resident)
        // The command's name may hold spaces, but ends with the last parenthesis; state is the first field after it.
        let stat = read("/proc/self/stat")
        let rest = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ").dropFirst()
        let numbers = rest.map { Int64($0) ?? 0 }
        if numbers.count > 19 {
            usage.cpuTicks = numbers[11] &+ numbers[12]
            usage.startedCentiseconds = bootSeconds() &* 100 &+ numbers[19]
        }
        usage.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            usage.maxFiles = Int64(clamping: limit.rlim_cur)
        }
        return usage
    }

    /// Bytes of its address space, those of them that are in memory, and of these the ones that are a file's.
    public static func memory() -> (virtual: Int64, resident: Int64, shared: Int64) {
        let pageSize = Int64(sysconf(Int32(_SC_PAGESIZE)))
        let bytes = read("/proc/self/statm").split(separator: " ").prefix(3).map { (Int64($0) ?? 0) &* pageSize }
        return bytes.count == 3 ? (bytes[0], bytes[1], bytes[2]) : (0, 0, 0)
    }

    private static func bootSeconds() -> Int64 {
        let line = read("/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }
        return line.flatMap { Int64($0.dropFirst(6)) } ?? 0
    }

    private static func read(_ path: String) -> String {
        guard let bytes = FileManager.default.contents(atPath: path) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
