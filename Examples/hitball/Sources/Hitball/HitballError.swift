import Mqant

/// The texts of errors.
enum HitballError {
    static let wrongTable = HandlerError("a table's name has 1 to \(TableName.maximumByteCount) bytes")
    static let wrongName = HandlerError("a player's name has 1 to \(TableName.maximumByteCount) bytes")
    static let noTableIsFree = HandlerError("no table is free")
    static let bothSeatsAreTaken = HandlerError("both seats are taken")
}
