/// RFC 4180 by the letter: lines end with CR LF, quoted cells hold anything, quotes in them are doubled.
enum NaiveTable {
    /// The cells of each line; a table that breaks the rules stops the process.
    static func read(_ bytes: [UInt8], separator: UInt8) -> [[[UInt8]]] {
        var lines: [[[UInt8]]] = []
        var line: [[UInt8]] = []
        var place = 0
        while place < bytes.count {
            var cell: [UInt8] = []
            if bytes[place] == UInt8(ascii: "\"") {
                place += 1
                while true {
                    precondition(place < bytes.count, "a quote is not closed")
                    if bytes[place] == UInt8(ascii: "\"") {
                        place += 1
                        guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { break }
                    }
                    cell.append(bytes[place])
                    place += 1
                }
            } else {
                while place < bytes.count, bytes[place] != separator, bytes[place] != 0x0D {
                    precondition(bytes[place] != UInt8(ascii: "\"") && bytes[place] != 0x0A, "a bare quote or line end")
                    cell.append(bytes[place])
                    place += 1
                }
            }
            line.append(cell)
            precondition(place < bytes.count, "the table has no end")
            if bytes[place] == separator {
                place += 1
                // A separator at the end of a line has an empty cell behind it.
                continue
            }
            precondition(bytes[place...].starts(with: [0x0D, 0x0A]), "text behind a cell")
            place += 2
            lines.append(line)
            line = []
        }
        return lines
    }
}
