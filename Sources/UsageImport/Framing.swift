/// How a file is cut into pieces.
package enum Framing: Sendable {
    /// Lines: all, or those alone that hold a text of two bytes or more.
    case lines(marked: StaticString?)
    /// A file that begins like JSON: its values, those inside an outermost array one by one. Any
    /// other: the records of a table.
    case rows
    /// The records of a table, comma-separated.
    case table
}

/// What a piece is.
package enum PieceFormat: Sendable {
    case line
    /// One value of JSON.
    case value
    /// One record of a table; the first of a file is its header.
    case record
}
