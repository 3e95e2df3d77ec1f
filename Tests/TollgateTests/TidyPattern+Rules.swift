extension TidyPattern {
    /// Where time is read and waited for; everything else receives it.
    private static let clockFiles: Set<String> = [
        "Timestamp.swift", "TimeSource.swift", "SystemClock.swift", "PollingPause.swift",
    ]

    static let forcedTry = TidyPattern("try!", #"\btry!"#)
    static let forcedCast = TidyPattern("as!", #"\bas!"#)
    static let forceUnwrap = TidyPattern(
        "force unwrap or implicitly unwrapped optional",
        #"(?!(?<=\btry)|(?<=\bas))(?<=[A-Za-z0-9_)\]}"?>`])!(?!=)"#
    )
    static let fatalError = TidyPattern("fatalError", #"\bfatalError\s*\("#)
    static let trap = TidyPattern(
        "trap on a path that input may reach",
        #"\b(precondition|preconditionFailure|assertionFailure)\s*\("#,
        applies: \.isProduct
    )
    static let floatingMoney = TidyPattern(
        "floating point in Billing",
        #"\b(Double|Float|Float16|Float32|Float64|Float80|CGFloat|TimeInterval)\b"#,
        applies: { $0.isIn(folder: "Billing") }
    )
    static let sqlOutsideStores = TidyPattern(
        "SQL outside a *Store or *Schema file",
        #"\b(SELECT\b[^;]{1,2000}?\bFROM\b|INSERT\s+(OR\s+\w+\s+)?INTO\b|UPDATE\s+\w+\s+SET\b|DELETE\s+FROM\b"#
            + #"|(CREATE|DROP|ALTER)\s+(TABLE|TRIGGER|UNIQUE|INDEX)\b"#
            + #"|(PRAGMA|SAVEPOINT|RELEASE|ATTACH)\s+\w|ROLLBACK\b|BEGIN\s+(IMMEDIATE|EXCLUSIVE)\b|VACUUM\b)"#,
        in: .literals,
        // What a connection is set to belongs to the file that opens it.
        applies: { $0.isProduct && !$0.isStore && $0.fileName != "DatabaseFile.swift" }
    )
    static let unprovenWriting = TidyPattern(
        "a write that does not prove its caller again",
        #"\bjournal\.write\b"#,
        applies: { source in
            // The one place that proves, the use of a key that was proven, and what no caller asked for.
            let files: Set = ["ControlPlane+Commit.swift", "ControlPlane+Access.swift"]
            return source.module == "AdminAPI" && source.isProduct && !source.isIn(folder: "AdminAPI/Webhooks")
                && !files.contains(source.fileName)
        }
    )
    static let anyDictionary = TidyPattern("[String: Any]", #"\[\s*String\s*:\s*(any\s+)?Any\??\s*\]"#)
    static let printing = TidyPattern(
        "print outside the command line tool",
        #"(?<![.\w])(print|debugPrint|dump)\s*\("#,
        applies: { $0.isProduct && $0.module != "Tollgate" }
    )
    static let readingTheClock = TidyPattern(
        "time that is not injected",
        #"\bDate\(\)|\bDate\.now\b|\bTask\.sleep\b|\bThread\.sleep\b|(?<![.\w])(u|nano)?sleep\("#
            + #"|\b(ContinuousClock|SuspendingClock|DispatchTime\.now|DispatchWallTime\.now|clock_gettime)\b"#,
        applies: { !clockFiles.contains($0.fileName) }
    )
    static let leftForLater = TidyPattern("left for later", #"\b(TODO|FIXME|XXX|HACK)\b"#, in: .comments)
}
