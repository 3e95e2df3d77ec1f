import Fuzzing

@testable import Billing
@testable import Proxy
@testable import Tenancy

/// Instants and their texts, against a calendar that counts year by year.
enum InstantChecks {
    private static let first: Int64 = -62_167_219_200_000_000
    private static let last: Int64 = 253_402_300_799_999_999

    static func run(_ input: FuzzInput) {
        let text = input.text
        guard text.utf8.count <= 1024 else { return precondition(Timestamp(rfc3339: text) == nil) }
        checkCertificate(text)
        let read = Timestamp(rfc3339: text)
        precondition(read?.microseconds == NaiveTime.microseconds(text), text)
        if let read { check(read) }
        check(Timestamp(microseconds: input.array.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }))
    }

    /// The end of a certificate as OpenSSL writes it; what is read is written the same way again.
    private static func checkCertificate(_ text: String) {
        guard let end = ServerCertificate.end(text) else { return }
        let (date, time) = (end.rfc3339.prefix(10).split(separator: "-"), end.rfc3339.dropFirst(11).dropLast())
        let months = "JanFebMarAprMayJunJulAugSepOctNovDec"
        guard date.count == 3, let month = Int(date[1]), let day = Int(date[2]) else { preconditionFailure(text) }
        let name = months.dropFirst(3 * month - 3).prefix(3)
        let words = text.dropFirst("Expire date:".count).split(separator: " ")
        precondition(words.count == 5 && words[0] == name && Int(words[1]) == day && words[3] == date[0], text)
        precondition(words[2] == time && words[4] == "GMT", text)
    }

    private static func check(_ instant: Timestamp) {
        let text = instant.rfc3339
        let clamped = min(max(instant.microseconds, first), last)
        precondition(NaiveTime.microseconds(text) == clamped, text)
        let again = Timestamp(rfc3339: text)
        precondition(again?.microseconds == clamped && again?.rfc3339 == text, text)
        var lines = InstantText()
        for microseconds in [clamped, max(first, clamped - 1), clamped] {
            let neighbour = Timestamp(microseconds: microseconds)
            let json = lines.json(neighbour)
            precondition(json.elementsEqual("\"\(neighbour.rfc3339)\"".utf8), text)
        }
        // A day of UTC begins at its midnight and ends at the next.
        guard 0...253_400_000_000_000_000 ~= clamped else { return }
        let day = CalendarZone.utc.day(containing: Timestamp(microseconds: clamped))
        let midnight = NaiveTime.microseconds(String(text.prefix(10)) + "T00:00:00Z")
        precondition(day.start.microseconds == midnight, text)
        precondition(day.end.microseconds - day.start.microseconds == 86_400_000_000, text)
        precondition(CalendarZone.utc.start(ofDate: String(text.prefix(10))) == day.start, text)
    }
}
