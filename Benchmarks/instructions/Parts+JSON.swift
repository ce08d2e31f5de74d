import MqantRPC
import NIOCore

extension Parts {
    private struct Say: Codable {
        var roomName: String
        var say: String
    }

    static let json = [
        Part(name: "json: scan a payload") { times in
            let payload = ByteBuffer(string: #"{"roomName":"room17","say":"hello, how are you all today?"}"#)
            for _ in 0..<times { take(JSONScanner.isValid(payload)) }
        },
        Part(name: "json: find a key") { times in
            let payload = ByteBuffer(string: #"[{"say":"hello, how are you all today?","roomName":"room17"}]"#)
            for _ in 0..<times { take(JSONField.string("roomName", ofFirstElementIn: payload)) }
        },
        Part(name: "json: decode arguments") { times in
            let payload = ByteBuffer(string: #"[{"roomName":"room17","say":"hello, how are you all today?"}]"#)
            let request = RPCRequest(function: "Handler_Say", payload: .json(payload))
            for _ in 0..<times { take(try ArgumentCoding.decode((Say.self), from: request)) }
        },
        Part(name: "json: encode a text") { times in
            for _ in 0..<times { take(try ArgumentCoding.encode(result: "say success")) }
        },
        Part(name: "json: encode a structure") { times in
            let say = Say(roomName: "room17", say: "hello, how are you all today?")
            for _ in 0..<times { take(try ArgumentCoding.encode(result: say)) }
        },
    ]
}
