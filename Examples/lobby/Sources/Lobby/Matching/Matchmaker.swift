/// Who plays whom: a range of ratings around each player, which widens while the player waits. A pure value.
struct Matchmaker: Sendable, Equatable {
    /// The range at the beginning: the largest difference of ratings.
    var range = 50
    /// By how much it widens in a second.
    var widening = 25
    /// The widest range.
    var maximumRange = 1000

    /// The largest difference that a player takes after so many seconds.
    func range(after seconds: Double) -> Int {
        let wide = Double(range) + max(0, seconds) * Double(widening)
        return max(range, Int(min(wide, Double(maximumRange))))
    }

    /// Makes pairs. Those who have waited longest choose first, and each the nearest of those who take them as well.
    ///
    /// - Parameter now: in seconds since 1970.
    func pairs(among seekers: [Seeker], now: Double) -> [(Seeker, Seeker)] {
        let line = seekers.sorted { ($0.since, $0.ticket) < ($1.since, $1.ticket) }
        let ranges = line.map { range(after: now - $0.since) }
        var isTaken = Array(repeating: false, count: line.count)
        var pairs: [(Seeker, Seeker)] = []
        for (first, seeker) in line.enumerated() where !isTaken[first] {
            let fitting = line.indices.filter { other in
                other > first && !isTaken[other]
                    && abs(line[other].rating - seeker.rating) <= min(ranges[first], ranges[other])
            }
            // Of two that are equally near, the one that has waited longer.
            let nearest = fitting.min { abs(line[$0].rating - seeker.rating) < abs(line[$1].rating - seeker.rating) }
            guard let nearest else { continue }
            isTaken[first] = true
            isTaken[nearest] = true
            pairs.append((seeker, line[nearest]))
        }
        return pairs
    }
}
