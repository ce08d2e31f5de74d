import Testing

@testable import MqantRPC

@Suite("IDHolders") struct IDHoldersTests {
    private var holders = IDHolders()

    private func chat(_ node: NodeID) -> InstanceDescription {
        InstanceDescription(id: "Chat", type: "Chat", queue: QueueName("\(node)#1"))
    }

    /// A node announces the Id, and whoever had it is remembered.
    private mutating func take(_ node: NodeID) {
        if let former = holders.take("Chat", by: node) { holders.displace(chat(former), of: former) }
    }

    private mutating func release(by node: NodeID, gone: Set<NodeID> = []) -> NodeID? {
        holders.release("Chat", by: node, isThere: { !gone.contains($0) })?.node
    }

    @Test mutating func whoeverAnnouncesAnIdHasIt() {
        #expect(holders.take("Chat", by: "a") == nil)
        #expect(holders.take("Chat", by: "a") == nil, "it has it already")
        #expect(holders.take("Chat", by: "b") == "a")
    }

    @Test mutating func aFormerHolderServesItAgain() {
        take("a")
        take("b")
        #expect(release(by: "b") == "a")
        #expect(holders.take("Chat", by: "c") == "a")
    }

    @Test mutating func oneThatIsGoneDoesNot() {
        take("a")
        take("b")
        #expect(release(by: "b", gone: ["a"]) == nil)
        take("a")
        take("b")
        holders.forget("a", where: { $0 == "a#2" })
        holders.forget("a", where: { $0 == "a#1" })
        #expect(release(by: "b") == nil)
    }

    @Test mutating func oneThatServesItNoLongerDoesNot() {
        take("a")
        take("b")
        #expect(release(by: "a") == nil, "it was b's")
        #expect(release(by: "b") == nil)
    }

    @Test mutating func ofSeveralOneServesItAndTheOthersWait() {
        for node in ["a", "b", "c"] as [NodeID] { take(node) }
        #expect(release(by: "c") == "b")
        #expect(release(by: "b") == "a")
        #expect(release(by: "a") == nil)
    }
}
