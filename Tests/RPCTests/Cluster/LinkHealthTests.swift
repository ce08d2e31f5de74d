import NIOCore
import Testing

@testable import MqantRPC

@Suite("LinkHealth") struct LinkHealthTests {
    private func at(_ milliseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1 << 40) + .milliseconds(milliseconds) }

    @Test func aNodeThatNeverHeardItselfJudgesNobody() {
        let link = LinkHealth(deafness: .milliseconds(1500))
        #expect(!link.isJudging(at: at(0)))
    }

    @Test func aNodeThatHearsItselfJudges() {
        var link = LinkHealth(deafness: .milliseconds(1500))
        #expect(link.echoed(at: at(0)) == true, "all silence before is forgiven")
        #expect(link.isJudging(at: at(1499)))
        #expect(!link.isJudging(at: at(1500)))
        #expect(link.echoed(at: at(1499)) == false)
        #expect(link.echoed(at: at(1499 + 1500)) == true, "it was deaf meanwhile")
    }

    @Test func aNodeWithoutAConnectionJudgesNobody() {
        var link = LinkHealth(deafness: .milliseconds(1500))
        _ = link.echoed(at: at(0))
        link.setOpen(false)
        #expect(!link.isJudging(at: at(1)))
        link.setOpen(true)
        #expect(link.isJudging(at: at(1)))
    }
}
