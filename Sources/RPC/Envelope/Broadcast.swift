/// Which instances a cast is for, if it is for several: `.all("Stats")`.
///
/// A type of its own and no kind of `Endpoint`: a call has one answer, so it has one callee.
public struct Broadcast: Sendable, Hashable {
    package let type: ModuleType

    /// Every live instance of the type that this node knows of, its own among them.
    public static func all(_ type: ModuleType) -> Self { Self(type: type) }
}
