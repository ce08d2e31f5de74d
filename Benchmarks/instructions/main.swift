import Glibc

/// Does one pure part of the server so many times, for `scripts/check-instructions`, which counts instructions.
///
///     MqantInstructions            prints the names of the parts
///     MqantInstructions NAME TIMES

let parts = Parts.all
guard CommandLine.arguments.count == 3, let times = Int(CommandLine.arguments[2]) else {
    for part in parts { print(part.name) }
    exit(CommandLine.arguments.count == 1 ? 0 : 2)
}
guard let part = parts.first(where: { $0.name == CommandLine.arguments[1] }) else {
    print("there is no part \(CommandLine.arguments[1])")
    exit(2)
}
// On the main thread, which must not become Dispatch's: valgrind 3.19 does not survive that.
try part.run(times)
