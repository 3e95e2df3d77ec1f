import Foundation
import Fuzzing
import HTTPTypes
import Hummingbird
import NIOCore
import Tenancy

@testable import AdminAPI
@testable import Billing

/// Queries, pages, tags of states and paths of the Admin API, each read a second time by the shortest way there is.
/// Each of the parsers reads all of an input.
enum QueriesTarget {
    /// Longer texts are only read: what is slow in them must be the product's.
    private static let comparedBytes = 8 * 1024
    private static let now = Timestamp(microseconds: 1_795_435_200_000_000)

    static func run(_ bytes: UnsafeRawBufferPointer) {
        let input = FuzzInput(bytes)
        let request = request(input.text)
        // As it came to be in the head, which has no control bytes.
        let query = String(decoding: (request.head.path ?? "").utf8.dropFirst("/x?".utf8.count), as: UTF8.self)
        checkQuery(request, query)
        checkOrganizationQuery(request, query)
        checkUsage(request, query)
        checkRoutes(request, input)
        PageChecks.run(input)
        EncodingChecks.run(input)
        checkTags(input)
        checkPath(input)
        checkPattern(input)
    }

    private static func request(_ query: String) -> Request {
        let head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/x?" + query)
        return Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    }

    // MARK: Queries

    /// What stands between `&`, up to `#`; parts that are empty say nothing.
    private static func items(_ query: String) -> [(name: String, value: String)] {
        let end = query.utf8.firstIndex(of: UInt8(ascii: "#")) ?? query.utf8.endIndex
        return Array(query.utf8[..<end]).split(separator: UInt8(ascii: "&")).map { part in
            let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            let texts = sides.map { String(decoding: $0, as: UTF8.self) }
            return (texts[0], texts.count > 1 ? texts[1] : "")
        }
    }

    private static func checkQuery(_ request: Request, _ text: String) {
        var query = Query(request)
        let (limit, flag) = (query.integer("limit", 1...1000), query.flag("dry_run"))
        let (start, role) = (query.instant("start"), query.choice("role", of: AdminRole.self))
        let after = query.text("after")
        let named = query.required("name")
        let isTaken = (try? query.finish()) != nil
        guard text.utf8.count <= comparedBytes else { return }
        let items = items(text)
        var values: [String: String] = [:]
        var isOdd = false
        for (name, value) in items {
            let (name, text) = (unescaped(name), unescaped(value))
            isOdd = isOdd || name == nil || text == nil || values[name ?? ""] != nil
            values[name ?? ""] = text ?? ""
        }
        let isKnown = Set(values.keys).isSubset(of: ["limit", "dry_run", "start", "role", "after", "name"])
        let suits: [Bool] = [
            values["limit"].map { Int64($0).map { 1...1000 ~= $0 } ?? false } ?? true,
            values["dry_run"].map { ["true", "false"].contains($0) } ?? true,
            values["start"].map { Timestamp(rfc3339: $0) != nil } ?? true,
            values["role"].map { AdminRole(rawValue: $0) != nil } ?? true, values["name"] != nil,
            !values.values.contains { $0.utf8.contains(0) },
        ]
        precondition(isTaken == (!isOdd && isKnown && suits.allSatisfy { $0 }), text)
        guard isTaken else { return }
        precondition(limit == values["limit"].flatMap { Int64($0) } && flag == (values["dry_run"] == "true"), text)
        precondition(start?.microseconds == values["start"].flatMap { Timestamp(rfc3339: $0) }?.microseconds, text)
        precondition(isSame(after, values["after"]) && isSame(named, values["name"]), text)
        precondition(role?.rawValue == values["role"], text)
    }

    private static func checkOrganizationQuery(_ request: Request, _ text: String) {
        var query = OrganizationQuery(request)
        let ids = query.list("project_ids")
        let (start, flag) = (query.instant("effective_at[gte]"), query.flag("tenant_only"))
        let groups = query.choices("group_by", of: OrganizationUsageGroup.self)
        let page = query.page(orders: true)
        let isTaken = (try? query.finish()) != nil
        precondition(1...100 ~= page.limit && Set(groups).count == groups.count, text)
        guard text.utf8.count <= comparedBytes else { return }
        var lists: [String: [String]] = [:]
        for (name, value) in items(text) {
            guard let name = unescaped(spaced(name)), let value = unescaped(spaced(value)) else {
                return precondition(!isTaken, text)
            }
            lists[name.hasSuffix("[]") ? String(name.dropLast(2)) : name, default: []].append(value)
        }
        let single = ["effective_at[gte]", "tenant_only", "limit", "after", "before", "order"]
        let known = Set(single + ["project_ids", "group_by"])
        guard isTaken else { return }
        precondition(Set(lists.keys).isSubset(of: known), text)
        precondition(single.allSatisfy { lists[$0]?.count ?? 1 == 1 }, text)
        precondition(ids == lists["project_ids"] && ids?.count ?? 0 <= 1000, text)
        precondition(start?.seconds == lists["effective_at[gte]"].flatMap { Int64($0[0]) }, text)
        precondition(flag == lists["tenant_only"].map { $0[0] == "true" }, text)
        precondition(groups.map(\.rawValue).allSatisfy { lists["group_by"]?.contains($0) == true }, text)
        precondition(Int64(page.limit) == lists["limit"].flatMap { Int64($0[0]) } ?? 20, text)
        precondition(isSame(page.after, lists["after"]?[0]) && isSame(page.before, lists["before"]?[0]), text)
        precondition(page.after == nil || page.before == nil, text)
        precondition(page.isDescending == (lists["order"]?[0] == "desc"), text)
    }

    /// Nil with an escape that is none, or that is no UTF-8.
    private static func unescaped(_ text: String) -> String? {
        let parts = text.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).map { Array($0) }
        var bytes = parts[0]
        for part in parts.dropFirst() {
            let digits = part.prefix(2).map { Character(UnicodeScalar($0)) }
            guard digits.count == 2, digits.allSatisfy(\.isHexDigit), let byte = UInt8(String(digits), radix: 16) else {
                return nil
            }
            bytes += [byte] + part.dropFirst(2)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return text.utf8.elementsEqual(bytes) ? text : nil
    }

    /// As forms are written.
    private static func spaced(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 == UInt8(ascii: "+") ? 0x20 : $0 }, as: UTF8.self)
    }

    /// The readers of the routes' own queries, one by one: none takes what it was not asked for.
    private static func checkRoutes(_ request: Request, _ input: FuzzInput) {
        var input = input
        var query = Query(request)
        input.pick(shapes).query(&query)
        guard (try? query.finish()) != nil else { return }
        let names = Set(QueryItem.all(of: request).map(\.name))
        precondition(names.isSubset(of: query.parameters.map(\.name)), "\(names)")
    }

    private static let shapes = AdminStage.table.routes.compactMap(\.shape)

    private static func checkUsage(_ request: Request, _ text: String) {
        var query = OrganizationQuery(request)
        let most: Int64 = 180
        let usage = OrganizationUsageText(&query, limits: { _ in (7, most) }, at: now)
        guard (try? query.finish()) != nil, let question = usage.question([.tenant]) else { return }
        let (start, end) = (question.span.start.microseconds, question.span.end.microseconds)
        // What is asked for begins and ends with a quarter of an hour.
        let quarter: Int64 = 900_000_000
        precondition(1...most ~= usage.limit && start < end && end < usage.span.end.microseconds + quarter, text)
        let width = usage.width.length
        precondition((end - 1) / width - start / width < usage.limit, "\(text): more buckets than its limit")
        // What is handed out as the next page leads there.
        let next = OrganizationUsageText.page(at: question.span.end)
        var second = OrganizationQuery(Self.request("start_time=0&page=\(next)"))
        let again = OrganizationUsageText(&second, limits: { _ in (7, most) }, at: Timestamp(microseconds: .max))
        precondition((try? second.finish()) != nil && again.span.start.seconds == question.span.end.seconds, next)
    }

    // MARK: Tags

    /// A line of JSON, then the fields that name states of it.
    private static func checkTags(_ input: FuzzInput) {
        var input = input
        let tag = EntityTag.of(Array(input.line().utf8))
        precondition(tag.utf8.count == 34 && tag.hasPrefix("\"") && tag.hasSuffix("\""), tag)
        var (match, noneMatch) = (HTTPFields(), HTTPFields())
        var named: [[UInt8]] = []
        let lines = input.text.split(separator: "\n", omittingEmptySubsequences: false).prefix(32)
        for line in lines {
            // A tilde stands for the tag, which no fuzzer would find.
            let value = String(line).replacing("~", with: tag)
            guard HTTPField.isValidValue(value) else { continue }
            match.append(HTTPField(name: .ifMatch, value: value))
            noneMatch.append(HTTPField(name: .ifNoneMatch, value: value))
            named += Array(value.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map(trimmed)
        }
        let wanted = EntityTag.wanted(match)
        precondition((wanted == nil) == match.isEmpty, "\(lines)")
        let isKnown = EntityTag.isKnown(tag, to: noneMatch)
        guard named.reduce(0, { $0 + $1.count }) <= comparedBytes else { return }
        let exact = named.contains(Array(tag.utf8))
        precondition(wanted?.contains { $0.utf8.elementsEqual(tag.utf8) } ?? false == exact, "\(lines)")
        precondition(wanted?.contains("*") ?? false == named.contains([UInt8(ascii: "*")]), "\(lines)")
        let isWeak = named.contains(Array(("W/" + tag).utf8))
        precondition(isKnown == (exact || isWeak || named.contains([UInt8(ascii: "*")])), "\(lines)")
    }

    static func trimmed(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        return Array(bytes.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    // MARK: Paths

    private static func checkPath(_ input: FuzzInput) {
        var input = input
        let method = input.pick([HTTPRequest.Method.get, .post, .put, .patch, .delete])
        // A tilde stands for what all paths begin with.
        let path = input.text.replacing("~", with: "/admin/v1/", maxReplacements: 1)
        let match = AdminStage.table.match(method, path)
        guard path.utf8.count <= comparedBytes else { return }
        let parts = Array(path.utf8.first == UInt8(ascii: "/") ? path.utf8.dropFirst() : path.utf8[...])
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
        let suiting = patterns.filter { suits(parts, $0.names) }.map(\.route)
        switch match {
        case .found(let route, let parameters):
            precondition(route.method == method && suiting.contains { $0.path == route.path }, path)
            precondition(parameters.values.allSatisfy { !$0.isEmpty }, path)
            precondition(Set(parameters.keys) == Set(route.path.names), path)
            let again = route.path.names.reduce(route.path.template) { text, name in
                text.replacing("{\(name)}", with: parameters[name] ?? "")
            }
            let slash = path.utf8.first == UInt8(ascii: "/") ? "" : "/"
            // Unless a parameter holds what looks like another one.
            precondition(path.utf8.contains(UInt8(ascii: "{")) || again.utf8.elementsEqual((slash + path).utf8), path)
        case .otherMethods(let methods):
            precondition(!methods.isEmpty && !methods.contains(method), path)
            precondition(Set(suiting.map(\.method)) == Set(methods), path)
        case .unknown: precondition(suiting.isEmpty, path)
        }
    }

    private static let patterns = AdminStage.table.routes.map { route in
        let names = Array(route.path.text.utf8.dropFirst())
            .split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Array($0) }
        return (route: route, names: names)
    }

    private static func suits(_ parts: [[UInt8]], _ names: [[UInt8]]) -> Bool {
        for (place, name) in names.enumerated() {
            guard place < parts.count else { return false }
            if name.last != UInt8(ascii: "}") {
                guard name == parts[place] else { return false }
            } else if name.dropLast().last == UInt8(ascii: ".") {
                // A rest of nothing but one empty part is none.
                return parts.count > place + 1 || !parts[place].isEmpty
            } else if parts[place].isEmpty {
                return false
            }
        }
        return names.count == parts.count
    }

    // MARK: Patterns

    /// A line that is a pattern, and a name.
    private static func checkPattern(_ input: FuzzInput) {
        var input = input
        let (pattern, name) = (input.line(), input.text)
        let isMatch = NamePattern(pattern).matches(name)
        let bytes = Array(name.utf8)
        // By characters and by bytes is the same in ASCII; a line end of two bytes is one character.
        guard pattern.utf8.count * bytes.count <= 1 << 16, (pattern.utf8 + bytes).allSatisfy({ 0x20..<0x7F ~= $0 })
        else { return }
        // Which beginnings of the name the pattern so far suits.
        var ends = [true] + bytes.map { _ in false }
        for byte in pattern.utf8 {
            var next = bytes.indices.map { ends[$0] && bytes[$0] == byte }
            next.insert(false, at: 0)
            if byte == UInt8(ascii: "*") {
                var isReached = false
                next = ends.map { end in
                    isReached = isReached || end
                    return isReached
                }
            }
            ends = next
        }
        precondition(isMatch == ends[bytes.count], "\(pattern) \(name)")
    }

    private static func isSame(_ one: String?, _ other: String?) -> Bool {
        one.map { Array($0.utf8) } == other.map { Array($0.utf8) }
    }
}
