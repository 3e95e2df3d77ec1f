import Billing
import Tenancy

/// Whether the machine is fit: its clock, its disk.
enum MachineChecks {
    /// No version of Tollgate is older.
    private static let oldest = Timestamp(microseconds: 1_767_225_600_000_000)
    /// Milliseconds by which the newest entry may be ahead.
    private static let slack: Int64 = 2000
    private static let wanted: UInt64 = 1 << 30

    /// - Parameters:
    ///   - newest: when the ledger's newest entry was made.
    ///   - isSynchronized: whether the system says that something keeps its clock right; nil: it does not say.
    static func clock(now: Timestamp, newest: Timestamp?, isSynchronized: Bool?) -> Finding {
        let check = "clock"
        let fix = "set the clock and keep it right with NTP (timedatectl set-ntp true) before the gateway runs on"
        guard now > oldest else { return .fail(check, "it says \(now.rfc3339)", fix: fix) }
        if let newest, newest > now.adding(milliseconds: slack) {
            return .fail(
                check, "it says \(now.rfc3339), but the ledger has an entry of \(newest.rfc3339)", fix: fix)
        }
        guard isSynchronized != false else {
            return .warn(
                check, "\(now.rfc3339); nothing keeps it synchronized, and windows and months begin by it", fix: fix)
        }
        return .ok(check, now.rfc3339)
    }

    /// Room on the database's file system.
    static func disk(_ space: FreeSpace?, path: String) -> Finding {
        let check = "disk"
        guard let space else {
            return .warn(check, "\(path): cannot be asked for its room", fix: "look at df \(ShellText.word(path))")
        }
        let detail = "\(SizeText.short(space.free)) free of \(SizeText.short(space.total)) at \(path)"
        let fix = "free or add room on that file system"
        guard space.free >= DiskRoom.reserve else {
            return .fail(check, "\(detail); calls are refused below \(SizeText.short(DiskRoom.reserve))", fix: fix)
        }
        // One part in twenty, or a GiB on large disks.
        guard space.free >= min(wanted, space.total / 20) else { return .warn(check, detail, fix: fix) }
        return .ok(check, detail)
    }
}
