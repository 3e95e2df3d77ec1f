import Foundation
public import GRDB

/// How statements run and columns are read, for the parts of the store.
extension TenancyStore {
    /// What runs inside a transaction of the writer.
    public typealias Transaction = Database

    typealias Arguments = [String: (any DatabaseValueConvertible)?]

    /// Runs one statement; `notFound` if it should have changed a row and did not.
    static func change(
        _ database: Database,
        _ sql: String,
        _ arguments: Arguments,
        expectingOne: Bool = true
    ) throws {
        do {
            try database.cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
        } catch let error as DatabaseError {
            throw typed(error)
        }
        if expectingOne, database.changesCount == 0 { throw TenancyError.notFound }
    }

    static func fetch<Value>(
        _ database: Database,
        _ sql: String,
        _ arguments: StatementArguments,
        _ read: (Row) throws -> Value
    ) throws -> [Value] {
        var values: [Value] = []
        let rows = try Row.fetchCursor(database.cachedStatement(sql: sql), arguments: arguments)
        while let row = try rows.next() { values.append(try read(row)) }
        return values
    }

    /// All rows by their first column.
    static func grouped<Value>(
        _ database: Database,
        _ sql: String,
        _ read: (Row) throws -> Value
    ) throws -> [String: [Value]] {
        var groups: [String: [Value]] = [:]
        let rows = try Row.fetchCursor(database.cachedStatement(sql: sql))
        while let row = try rows.next() { groups[row[0], default: []].append(try read(row)) }
        return groups
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A list of names; most are the two read without a decoder.
    static func names(_ text: String) throws -> [String] {
        switch text {
        case "[]": []
        case #"["*"]"#: ["*"]
        default: try decoded(text)
        }
    }

    static func labels(_ text: String) throws -> [String: String] {
        text == "{}" ? [:] : try decoded(text)
    }

    static func instant(_ microseconds: Int64?) -> Timestamp? {
        microseconds.map { Timestamp(microseconds: $0) }
    }

    private static func decoded<Value: Decodable>(_ text: String) throws -> Value {
        do {
            return try JSONDecoder().decode(Value.self, from: Data(text.utf8))
        } catch {
            throw TenancyError.damaged("JSON column")
        }
    }

    /// What the schema refused; anything else, such as a full disk, stays what it is.
    private static func typed(_ error: DatabaseError) -> any Error {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE: TenancyError.nameTaken
        case .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID: TenancyError.duplicate
        case .SQLITE_CONSTRAINT_FOREIGNKEY: TenancyError.notFound
        case .SQLITE_CONSTRAINT_CHECK, .SQLITE_CONSTRAINT_NOTNULL, .SQLITE_CONSTRAINT_DATATYPE: TenancyError.invalid
        default: error
        }
    }
}
