/// A side of the court.
enum Side: String, Codable, Sendable, CaseIterable {
    case left
    case right

    /// The side across the net.
    var other: Side { self == .left ? .right : .left }
}

/// A value for each side.
struct Sides<Value> {
    var left: Value
    var right: Value

    init(left: Value, right: Value) {
        self.left = left
        self.right = right
    }

    subscript(side: Side) -> Value {
        get { side == .left ? left : right }
        set {
            switch side {
            case .left: left = newValue
            case .right: right = newValue
            }
        }
    }
}

extension Sides: Sendable where Value: Sendable {}
extension Sides: Equatable where Value: Equatable {}
extension Sides: Codable where Value: Codable {}
