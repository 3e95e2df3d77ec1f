import Foundation
import Tenancy

/// Whether somebody holds the lock on a file, found out without touching it.
enum LockFacts {
    /// Nil where the system does not tell.
    static func isLocked(_ path: String) -> Bool? {
        guard let facts = FileFacts(path: path) else { return false }
        // A table that changes while it is read in pieces can miss a line.
        for _ in 0..<3 {
            guard let table = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return nil }
            if isLocked(inode: facts.inode, table: table) { return true }
        }
        return false
    }

    /// Looks for the file in the system's table: `1: FLOCK  ADVISORY  WRITE 123 fe:01:4711 0 EOF`.
    ///
    /// Its device number is not compared: layered file systems show files another one than the table does.
    static func isLocked(inode: UInt64, table: String) -> Bool {
        table.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            return words.count >= 6 && words[1] == "FLOCK" && words[5].split(separator: ":").last == "\(inode)"
        }
    }
}
