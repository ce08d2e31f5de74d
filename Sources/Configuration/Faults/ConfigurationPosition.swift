/// A place in a configuration file: line and column, both counted from 1, the column in characters as a reader sees
/// them (an accented letter or an emoji counts once, whatever its bytes; a tab counts once too).
public struct ConfigurationPosition: Sendable, Hashable, Comparable {
    /// The line, from 1.
    public let line: Int

    /// The column in characters, from 1.
    public let column: Int

    /// Makes a position.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether one place comes before another.
    public static func < (left: Self, right: Self) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
