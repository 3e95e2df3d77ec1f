/// Why a download cannot be made or was broken off.
public enum ExportError: Error, Sendable, Equatable {
    /// The month was closed by a later version of Tollgate, whose writers this one does not have.
    case unknownFormatVersion(Int64)
    /// A sum of units does not fit 64 bits; names the tenant whose entries say so.
    case tooManyUnits(String)
    /// The month has so many entries more than could be read by their names.
    case entriesMissing(Int64)
    /// The manifest of the month closed before, which a manifest names, was not made yet.
    case manifestNotMade
    /// A frozen price cannot be read.
    case damagedPrice(String)
    /// The workbook could not be written, with what the library says.
    case workbook(String)
    /// A temporary file could not be made or read.
    case temporaryFile
    /// Compression failed.
    case compression
}
