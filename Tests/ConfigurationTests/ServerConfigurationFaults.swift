/// Tables of wrong files, each with one fault.
enum ServerConfigurationFaults {
    private static let ok = "Id: 'a', Host: '127.0.0.1'"

    /// Entries of Chat, which stand in line 2, and what is said of them.
    static let entries: [(String, String)] = [
        ("{Id: 'a'}", "f:2:1: Module.Chat[0].Host: is missing"),
        ("{Host: '::1'}", "f:2:1: Module.Chat[0].Id: is missing"),
        ("{Id: 'a', Host: null}", "f:2:17: Module.Chat[0].Host: is missing"),
        ("{Id: 'a', Host: ''}", "f:2:17: Module.Chat[0].Host: is empty; write the address of a machine"),
        ("{Id: '', Host: '::1'}", "f:2:6: Module.Chat[0].Id: is empty"),
        ("{Id: 7, Host: '::1'}", "Module.Chat[0].Id: must be a string, but is a number"),
        ("{Id: 'a b', Host: '::1'}", "Module.Chat[0].Id: must not hold white space or control characters"),
        ("{Id: 'a\\u0007', Host: '::1'}", "Module.Chat[0].Id: must not hold white space or control characters"),
        ("{Id: 'a\\u200b', Host: '::1'}", "Module.Chat[0].Id: must not hold white space or control characters"),
        (
            "{Id: '\(String(repeating: "é", count: 61))', Host: '::1'}",
            "Module.Chat[0].Id: is longer than 120 bytes"
        ),
        ("{Id: '{ip}:Chat', Host: '::1'}", "Module.Chat[0].Id: knows no other placeholder than {host}"),
        ("{Id: 'a', Host: ['::1']}", "Module.Chat[0].Host: must be a string, but is an array"),
        ("{Id: 'a', Host: '10.0.0.0/40'}", "Module.Chat[0].Host: \"10.0.0.0/40\" is not a CIDR block"),
        ("{Id: 'a', Host: '10.0.0.300'}", "Module.Chat[0].Host: \"10.0.0.300\" is not an IPv4 or IPv6 address"),
        ("{\(ok), host: ''}", "f:2:30: Module.Chat[0].host: is not a known key; did you mean Host?"),
        ("{Id: 'a', Host: 7, ProcessID: 'x'}", "Module.Chat[0].Host: must be a string, but is a number"),
        ("{ID: '', Host: '::1'}", "f:2:6: Module.Chat[0].ID: is empty"),
        ("{\(ok), ID: 'a'}", "f:2:30: Module.Chat[0].ID: means the same as Id, which is given too; keep one of them"),
        ("{\(ok), Settings: 5}", "f:2:40: Module.Chat[0].Settings: must be an object, but is a number"),
        ("{\(ok), Settings: []}", "Module.Chat[0].Settings: must be an object, but is an array"),
        ("{\(ok), Rabbitmq: 'amqp://h'}", "Module.Chat[0].Rabbitmq: must be an object, but is a string"),
        ("{\(ok), Rabbitmq: {}}", "f:2:40: Module.Chat[0].Rabbitmq: has no Uri, and the file has no default for it"),
        ("{\(ok), Rabbitmq: {Uri: 'http://u:hunter2@h'}}", "Module.Chat[0].Rabbitmq.Uri: must begin with amqp://"),
        ("{\(ok), Rabbitmq: {Uri: []}}", "Module.Chat[0].Rabbitmq.Uri: is an empty array"),
        (
            "{\(ok), Rabbitmq: {Uri: ['amqp://h', 7]}}",
            "Module.Chat[0].Rabbitmq.Uri[1]: must be a string, but is a number"
        ),
        ("{\(ok), Rabbitmq: {Uri: ['amqp://h', 'amqp://h:0']}}", "Module.Chat[0].Rabbitmq.Uri[1]: has a port"),
        (
            "{\(ok), Rabbitmq: {Uri: 'amqp://h', ExchangeType: 'fanout'}}",
            "Module.Chat[0].Rabbitmq.ExchangeType: must be \"direct\""
        ),
        (
            "{\(ok), Rabbitmq: {Uri: 'amqp://h', Exchange: ''}}",
            "Module.Chat[0].Rabbitmq.Exchange: must be 1 to 100 bytes"
        ),
        ("{\(ok), Rabbitmq: {Uri: 'amqp://h', Exchange: 'amq.x'}}", "Exchange: must not begin with \"amq.\""),
        ("{\(ok), Rabbitmq: {Uri: 'amqp://h', Queue: 'a b'}}", "Module.Chat[0].Rabbitmq.Queue: must not hold white"),
        (
            "{\(ok), Rabbitmq: {Url: '', Uri: 'amqp://h'}}",
            "Module.Chat[0].Rabbitmq.Url: is not a known key; did you mean Uri?"
        ),
        ("{\(ok)}, {Id: 'a', Host: '::1'}", "f:2:36: Module.Chat[1].Id: \"a\" is used by Module.Chat[0] too"),
        (
            "{\(ok), Rabbitmq: {Uri: 'amqp://h'}}, {Id: 'b', Host: '::1', Rabbitmq: {Uri: 'amqp://i'}}",
            "Module.Chat[1].Rabbitmq: has another Uri than that of Module.Chat[0]; all entries of one type share"
        ),
        (
            "{\(ok), Rabbitmq: {Uri: 'amqp://h'}}, {Id: 'b', Host: '::1', Rabbitmq: {Uri: 'amqp://h', Exchange: 'y'}}",
            "Module.Chat[1].Rabbitmq: has another Exchange than that of Module.Chat[0]"
        ),
        (
            "{\(ok), Rabbitmq: {Uri: 'amqp://h'}}, {Id: 'b', Host: '::1'}",
            "Module.Chat[1].Rabbitmq: is missing: this entry has no broker, unlike that of Module.Chat[0]"
        ),
        ("7", "f:2:1: Module.Chat[0]: must be an object, but is a number"),
    ]

    /// Whole files, `ONE` standing for a valid `Module`, and what is said of them.
    static let files: [(String, String)] = [
        ("[]", "f:1:1: must be an object, but is an array"),
        ("{}", "f:1:1: Module: is missing"),
        ("{Module: []}", "f:1:10: Module: must be an object, but is an array"),
        ("{Module: {}}", "f:1:10: Module: has no entry: nothing would start"),
        ("{Module: {A: [], B: []}}", "f:1:10: Module: has no entry: nothing would start"),
        ("{Module: {A: {Id: 'a', Host: '::1'}}}", "Module.A: must be an array of objects, but is an object"),
        ("{Module: {'a/b': [{Id: 'a', Host: '::1'}]}}", "Module[\"a/b\"]: must not hold '/', '+' or '#'"),
        ("{Module: {'a b': [{Id: 'a', Host: '::1'}]}}", "Module[\"a b\"]: must not hold white space"),
        ("{Module: {'': [{Id: 'a', Host: '::1'}]}}", "Module[\"\"]: is an empty module type"),
        (
            "{Module: {A: [{Id: 'x', Host: '::1'}], B: [{Id: 'x', Host: '::1'}]}}",
            "f:1:49: Module.B[0].Id: \"x\" is used by Module.A[0] too"
        ),
        ("{ONE, Modul: {}}", "Modul: is not a known key; did you mean Module?"),
        ("{ONE, RabbitMQ: {Uri: 'amqp://h'}}", "RabbitMQ: is not a known key; did you mean Rabbitmq?"),
        ("{ONE, Masters: {Enable: false}}", "Masters: is not a known key; did you mean Master?"),
        ("{ONE, Rabbitmq: {}}", "Rabbitmq: has no Uri"),
        ("{ONE, Rabbitmq: {Uri: 'amqp://u:hunter2@h:x'}}", "Rabbitmq.Uri: has a port that is not a number"),
        ("{ONE, RPC: {}, Rpc: {}}", "Rpc: means the same as RPC, which is given too; keep one of them"),
        ("{ONE, RPC: {Timeout: 1, RpcExpired: 2}}", "RPC.RpcExpired: means the same as Timeout"),
        ("{ONE, RPC: {Timeout: 0}}", "RPC.Timeout: must be a number of seconds from 0.001 to 3600, but is 0"),
        ("{ONE, RPC: {Timeout: '10'}}", "RPC.Timeout: must be a number of seconds from 0.001 to 3600, but is a string"),
        ("{ONE, RPC: {MaxInFlight: 0}}", "RPC.MaxInFlight: must be a whole number from 1 to 1000000, but is 0"),
        ("{ONE, RPC: {MaxWaiting: 1.5}}", "RPC.MaxWaiting: must be a whole number from 0 to 1000000, but is 1.5"),
        ("{ONE, RPC: {BlockingThreads: 0}}", "RPC.BlockingThreads: must be a whole number from 1 to 1024, but is 0"),
        ("{ONE, RPC: {TimeOut: 5}}", "RPC.TimeOut: is not a known key; did you mean Timeout?"),
        ("{ONE, Mqtt: []}", "Mqtt: must be an object, but is an array"),
        ("{ONE, Mqtt: {WirteLoopChanNum: 0}}", "Mqtt.WirteLoopChanNum: must be a whole number from 1"),
        ("{ONE, Mqtt: {WriteLoopChanNum: 0}}", "Mqtt.WriteLoopChanNum: must be a whole number from 1"),
        (
            "{ONE, Mqtt: {WirteLoopChanNum: 1, WriteLoopChanNum: 1}}",
            "Mqtt.WriteLoopChanNum: means the same as WirteLoopChanNum, which is given too"
        ),
        ("{ONE, Mqtt: {ReadPackLoop: -1}}", "Mqtt.ReadPackLoop: must be a whole number from 1"),
        ("{ONE, Mqtt: {ReadTimeout: 86401}}", "Mqtt.ReadTimeout: must be a number of seconds from 0.001 to 86400"),
        ("{ONE, Mqtt: {WriteTimeOut: 30}}", "Mqtt.WriteTimeOut: is not a known key; did you mean WriteTimeout?"),
        ("{Module: {A: [{Id: '${UNSET}', Host: '::1'}]}}", "Module.A[0].Id: the environment variable UNSET is not set"),
        ("{Module: {A: [{Id: 'a', Host: '${UNSET}'}]}}", "f:1:31: Module.A[0].Host: the environment variable UNSET"),
        ("{ONE, Rabbitmq: {Uri: 'amqp://u:${SET@h'}}", "Rabbitmq.Uri: '${' without a closing '}'"),
        ("{ONE, Rabbitmq: {Uri: ['amqp://u:${UNSET}@h']}}", "Rabbitmq.Uri[0]: the environment variable UNSET is not"),
        (
            "{Module: {A: [{Id: '${SET}', Host: '::1'}, {Id: '${SET}', Host: '::1'}]}}",
            "Module.A[1].Id: \"x\" is used by Module.A[0] too"
        ),
        (
            "{ONE, RPC: {MaxWaiting: '${SET}'}}",
            "RPC.MaxWaiting: must be a whole number from 0 to 1000000, but ${SET} is"
        ),
        (
            "{ONE, RPC: {MaxWaiting: ${SET}}}",
            "RPC.MaxWaiting: expected a value, found the word \"$\"; \"${NAME}\" needs quotes"
        ),
    ]
}
