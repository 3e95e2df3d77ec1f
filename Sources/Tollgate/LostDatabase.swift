import Tenancy

/// What to do about a database that is damaged, empty or gone.
enum LostDatabase {
    /// A clause that follows what is wrong; empty for errors of another kind, or where there is nothing to say.
    ///
    /// - Parameter newest: the newest backup that added up when it was made.
    static func way(out error: any Error, path: String, newest: String?) -> String {
        guard let error = error as? DatabaseFileError, [.corrupt, .lost].contains(error) else { return "" }
        if let newest { return "; tollgate restore \(newest) puts the newest backup in its place" }
        guard error == .lost else { return "" }
        return """
            ; tollgate restore puts a backup in its place, and without \(path).lock and \(path).holds a new one is made
            """
    }
}
