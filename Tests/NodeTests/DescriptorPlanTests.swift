import MqantConfiguration
import MqantRPC
import Testing

@testable import MqantServer

/// How the system's limit of open files is shared out.
@Suite struct DescriptorPlanTests {
    private static let gate = DescriptorDemand(loops: 2, connections: 20_000)
    private static let web = DescriptorDemand(loops: 1, connections: 1000, perConnection: 2)

    private static func plan(
        limit: Int, brokers: Int = 0, _ demands: [InstanceID: DescriptorDemand] = ["gate": gate, "web": web]
    ) throws(TooFewDescriptors) -> DescriptorPlan {
        try DescriptorPlan(limit: limit, open: 5, brokers: brokers, demands: demands)
    }

    /// The least limit with which a node starts.
    private static func least(_ demands: [InstanceID: DescriptorDemand] = ["gate": gate, "web": web]) throws -> Int {
        let error = #expect(throws: TooFewDescriptors.self) { try plan(limit: 12, demands) }
        return try #require(error).needed
    }

    @Test func whatFitsIsAsConfigured() throws {
        let plan = try Self.plan(limit: 1_048_576)
        #expect(plan.connections == ["gate": 20_000, "web": 1000])
        #expect(!plan.isLowered)
        let exact = try Self.plan(limit: plan.needed)
        #expect(exact.connections == plan.connections && !exact.isLowered)
    }

    @Test func whatDoesNotFitIsSharedInProportion() throws {
        for limit in [128, 129, 200, 1024, 4096, 20_000, 22_000] {
            let plan = try Self.plan(limit: limit)
            let gate = try #require(plan.connections["gate"])
            let web = try #require(plan.connections["web"])
            #expect(plan.isLowered)
            #expect(gate >= 1 && web >= 1)
            // All others are in what a limit of `needed` has besides connections.
            let fixed = plan.needed - 20_000 - 2000
            #expect(fixed + gate + 2 * web <= limit)
            #expect(fixed + gate + 2 * web >= limit - 3, "nothing is left unused at \(limit)")
            #expect(abs(gate - 20 * web) <= 20 + limit / 20)
        }
    }

    @Test func theLeastLimitHasOneConnectionForEach() throws {
        let least = try Self.least()
        #expect(try Self.plan(limit: least).connections == ["gate": 1, "web": 1])
        #expect(throws: TooFewDescriptors.self) { try Self.plan(limit: least - 1) }
        #expect(TooFewDescriptors(needed: 90, limit: 12).description.contains("needs 90 open files at least"))
    }

    @Test func brokersAndLoopsAndListenersCount() throws {
        let without = try Self.plan(limit: 1_000_000).needed
        #expect(try Self.plan(limit: 1_000_000, brokers: 2).needed >= without + 2 * 6)
        var more = Self.gate
        more.loops += 1
        more.listeners += 1
        #expect(
            try Self.plan(limit: 1_000_000, ["gate": more, "web": Self.web]).needed
                == without + DescriptorDemand.perLoop + DescriptorDemand.perListener)
    }

    @Test func aNodeWithoutListenersHasNoShares() throws {
        #expect(try Self.plan(limit: 128, [:]).connections.isEmpty)
    }

    @Test func theSettingsOfModulesAreCounted() throws {
        let text = """
            { "Module": { "Door": [
                { "Id": "a", "Host": "127.0.0.1", "Settings": { "Addr": ":1", "MaxConnNum": 7 } },
                { "Id": "b", "Host": "203.0.113.9", "Settings": { "Addr": ":1", "MaxConnNum": 9 } } ] } }
            """
        let configuration = try ServerConfiguration(
            text: text,
            checks: [
                "Door": { settings in
                    _ = settings.listenAddress("Addr", as: "door")
                    let connections = settings.int("MaxConnNum", in: 1...10, default: 1)
                    settings.announce(DescriptorDemand(loops: 1, connections: connections))
                }
            ])
        let machine = Machine(addresses: [], names: [])
        let plan = try DescriptorPlan(Placement(configuration, on: machine), limit: 1000, open: 5)
        #expect(plan.connections == ["a": 7], "another machine's are not this one's")
    }
}
