import Foundation

/// Where the dashboard's files are when the configuration does not say: beside an installed binary in `share`, or in
/// the tree the binary was built from.
enum DashboardFolder {
    static let name = "web-static"

    /// The first of the candidates that holds the page; nil if none does.
    static func find(executable: String, holdsPage: (String) -> Bool) -> String? {
        candidates(executable: executable).first(where: holdsPage)
    }

    /// The candidates for a binary whose links are resolved, the likeliest first.
    static func candidates(executable: String) -> [String] {
        let parts = executable.split(separator: "/").dropLast()
        var folders: [String] = []
        // `.build`, or a build folder of another name in the same style, is right in the source tree.
        if let build = parts.firstIndex(where: { $0.hasPrefix(".build") }) {
            folders.append("/" + (parts[..<build] + [Substring(name)]).joined(separator: "/"))
        }
        if parts.last == "bin" {
            folders.append("/" + (parts.dropLast() + ["share", "tollgate", Substring(name)]).joined(separator: "/"))
        }
        return folders + ["/usr/share/tollgate/\(name)"]
    }

    /// The running binary's path without links.
    static var executable: String {
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    }
}
