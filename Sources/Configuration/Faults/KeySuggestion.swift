/// Finds the key that somebody meant.
enum KeySuggestion {
    /// The known key nearest to `key`, or nil where none is near enough to be a slip of the finger.
    static func nearest(to key: String, among known: [String]) -> String? {
        // Beyond this length nothing is a slip any more, and the distance costs its product.
        guard key.utf8.count <= 64 else { return nil }
        var best: (key: String, distance: Int)?
        for candidate in known where candidate != key {
            let distance = distance(from: Array(key.lowercased()), to: Array(candidate.lowercased()))
            guard distance <= max(1, candidate.count / 3) else { continue }
            if distance < best?.distance ?? .max { best = (candidate, distance) }
        }
        return best?.key
    }

    /// Insertions, deletions, replacements and swaps of neighbours that lead from one word to another (optimal string
    /// alignment, three rows).
    static func distance(from source: [Character], to target: [Character]) -> Int {
        var beforePrevious: [Int] = []
        var previous = Array(0...target.count)
        for (row, letter) in source.enumerated() {
            var current = [row + 1]
            for (column, other) in target.enumerated() {
                var cost = min(
                    previous[column] + (letter == other ? 0 : 1),
                    previous[column + 1] + 1,
                    current[column] + 1
                )
                if row > 0, column > 0, letter == target[column - 1], source[row - 1] == other {
                    cost = min(cost, beforePrevious[column - 1] + 1)
                }
                current.append(cost)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[target.count]
    }
}
