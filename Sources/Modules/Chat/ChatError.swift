import Mqant

/// The texts of Chat's errors: those of mqant's demo, which clients know.
enum ChatError {
    static let notLoggedIn = HandlerError("Not Logined")
    static let noRoomName = HandlerError("roomName cannot be nil")
    static let noRoomNameOrSay = HandlerError("roomName or say cannot be nil")
    static let alreadyMember = HandlerError("Already in this chat room")
    static let notMember = HandlerError("You haven't been in the room yet")
    static let noRoom = HandlerError("No room")
    static let roomNameTooLong = HandlerError("roomName is longer than \(Room.maximumNameByteCount) bytes")
}
