/// Files in the form that people write.
enum SampleFiles {
    /// In the form of mqant 1.0.0: its keys, its spelling, its comments, and a section that came a little later.
    static let mqant = """
        {
        \t"Module": {
        \t    // players come in here
        \t    "Gate": [
        \t        {
        \t            "Id": "127.0.0.1:Gate",
        \t            "Group": "development",
        \t            // every machine is this one
        \t            "Host": "127.0.0.1",
        \t            "Settings": {
        \t                "WSAddr":      "0.0.0.0:3653",
        \t                "TCPAddr":     "0.0.0.0:3563",
        \t                "MaxMsgLen":   4096,
        \t                "HTTPTimeout": 10,
        \t                "MaxConnNum" : 20000,
        \t                "Tls"        : false,
        \t                "Cert"       : "",
        \t                "Key"        : ""
        \t            }
        \t        }
        \t    ],
        \t    "Login": [
        \t        {
        \t            "Id": "127.0.0.1:Login",
        \t            "Host": "127.0.0.1",
        \t            "Group": "development",
        \t            "Rabbitmq": {
        \t                "Uri"          : "amqp://player:open-sesame@127.0.0.1:5672/",
        \t                "Exchange"     : "game",
        \t                "ExchangeType" : "direct",
        \t                "Queue"        : "login",
        \t                "BindingKey"   : "login",
        \t                "ConsumerTag"  : "login-tag"
        \t            }
        \t        }
        \t    ],
        \t    "Chat": [
        \t        { "Id": "127.0.0.1:Chat", "Host": "127.0.0.1", "Group": "chat" }
        \t    ]
        \t},
        \t"Mqtt": {
        \t    "WirteLoopChanNum": 12,
        \t    "ReadPackLoop": 1,
        \t    "ReadTimeout": 600,
        \t    "WriteTimeout": 300
        \t},
        \t"Rpc": { "MaxCoroutine": 100, "RpcExpired": 5, "Log": false, "UDPMaxPacketSize": 4096 }
        }
        """

    /// Several hosts, one broker, replicas, secrets from outside.
    static let cluster = """
        {
          "Rabbitmq": { "Uri": "amqp://${RABBIT_USER}:${RABBIT_PASSWORD:-guest}@10.0.0.1:5672/", "Exchange": "mqant" },
          "Module": {
            "Gate":  [ { "Id": "gate-1", "Host": "10.0.0.1", "Settings": { "TCPAddr": ":3563", "WSAddr": ":3653" } } ],
            "Login": [ { "Id": "login-1", "Host": "login.example" } ],
            "Chat":  [ { "Id": "{host}:Chat", "Host": "10.0.0.0/27" },
                       { "Id": "chat-far", "Host": "10.9.9.9" } ]
          }
        }
        """

    /// A fault in nearly every line.
    static let faulty = """
        {
          "Module": {
            "Gate": [ { "Id": "gate 1", "Host": "10.0.0.1", "Port": 1 } ],
            "Chat": [
              { "Id": "chat-1", "Host": "10.0.0.0/33" },
              { "Id": "chat-1", "Hots": "10.0.0.2" }
            ]
          },
          "Rabbitmq": { "Uri": "amqp://u:${PASSWORD}@h:0/", "ExchangeType": "topic" },
          "Mqtt": { "ReadTimeout": "60", "WirteLoopChanNum": 1.5 },
          "RPC": { "Timeout": 10 },
          "Rpc": { "Timeout": 10 }
        }
        """

    static let faultsOfFaulty = [
        "f:3:23: Module.Gate[0].Id: must not hold white space or control characters",
        "f:3:53: Module.Gate[0].Port: is not a known key",
        "f:5:33: Module.Chat[0].Host: \"10.0.0.0/33\" is not a CIDR block such as 172.30.0.32/27 or fd00::/8",
        "f:6:7: Module.Chat[1].Host: is missing",
        "f:6:15: Module.Chat[1].Id: \"chat-1\" is used by Module.Chat[0] too",
        "f:6:25: Module.Chat[1].Hots: is not a known key; did you mean Host?",
        "f:9:24: Rabbitmq.Uri: has a port that is not a number from 1 to 65535",
        "f:9:69: Rabbitmq.ExchangeType: must be \"direct\": calls here need no other type",
        "f:10:28: Mqtt.ReadTimeout: must be a number of seconds from 0.001 to 86400, but is a string; "
            + "write it without quotes",
        "f:10:54: Mqtt.WirteLoopChanNum: must be a whole number from 1 to 1000000, but is 1.5",
        "f:12:3: Rpc: means the same as RPC, which is given too; keep one of them",
    ]
}
