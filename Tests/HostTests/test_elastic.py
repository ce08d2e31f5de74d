"""Chats and all other nodes come and go under load. What is said and heard is checked as in test_chaos."""

import signal
import statistics
import time

from cluster.case import SLACK, ClusterCase, World
from cluster.chatlog import FOREVER, Window, check
from cluster.cluster import TCP
from cluster.crowd import Crowd
from cluster.node import END
from cluster.outcomes import INTERRUPTED, kind
from cluster.ownership import owned
from cluster.peer import Peer
from support.deadline import until

MOVED = 2  # seconds in which a Chat that came has its share, and in which all know of one that went
RECONNECTED = 3  # seconds in which the clients of a Gate that was replaced are in their rooms again
CLIENTS, ROOMS = 60, 20


def setUpModule():
    World.set_up()


class Elastic(ClusterCase):
    def crowd(self, cluster, gates=2, **more):
        addresses = {cluster.instance("Gate", index): (cluster.address("Gate", index), TCP) for index in range(gates)}
        return Crowd(addresses, CLIENTS, ROOMS, **({"pause": 0.05} | more))

    def rooms_of(self, cluster, crowd, index, chats):
        return owned(cluster.instance("Chat", index), crowd.rooms,
                     [cluster.instance("Chat", each) for each in chats])

    def answered_since(self, crowd, since, each=5):
        """Until every client has said so much, with success, since a moment."""
        crowd.wait("everybody is answered", lambda: all(
            sum(say.began >= since and say.is_success for say in log.says) >= each for log in crowd.logs))

    def judge(self, crowd, windows=()):
        findings = check(crowd.logs, list(windows))
        print(f"    {findings}")
        self.assertEqual(findings.faults, {})
        return findings

    def longest_out(self, crowd, count):
        """How long as many says as that have been without an answer, in seconds."""
        out = sorted(say.began for log in crowd.logs for say in log.says[-1:] if say.ended == FOREVER)
        return time.monotonic() - out[count - 1] if len(out) >= count else 0

    def out(self, crowd, at, rooms):
        """What was said in these rooms and not yet answered at a moment."""
        return [say for log in crowd.logs if log.room in rooms for say in log.says if say.began < at <= say.ended]


class Chats(Elastic):
    def test_one_that_goes_in_order(self):
        """No message is lost, and no call fails."""
        cluster = self.cluster().start_all(gates=2, chats=2)
        # As fast as it goes, so that calls are in its hands.
        with self.crowd(cluster, pause=0) as crowd:
            crowd.begin()
            self.answered_since(crowd, 0)
            rooms = self.rooms_of(cluster, crowd, 1, range(2))
            told = cluster.node("Chat", 1).signal(signal.SIGTERM)
            self.assertEqual(cluster.node("Chat", 1).wait(), 0)
            gone = time.monotonic()
            self.answered_since(crowd, gone)
            crowd.end()
        self.within(gone - told, END, "until the Chat had ended")
        print(f"\n    {len(self.out(crowd, told, rooms))} says were out in its {len(rooms)} rooms; it took {gone - told:.2f} s to go")
        self.assertGreater(len(self.out(crowd, told, rooms)), 0)
        # While some know that it goes, and some do not yet, one room's messages pass through two.
        self.judge(crowd, [Window(told, gone + MOVED, rooms, order_only=True)])

    def test_one_that_is_killed(self):
        """Only calls that were in flight fail, and each caller is told."""
        cluster = self.cluster().start_all(gates=2, chats=2)
        with self.crowd(cluster) as crowd:
            crowd.begin()
            self.answered_since(crowd, 0)
            rooms = self.rooms_of(cluster, crowd, 1, range(2))
            # With calls in its hands: a stopped process answers none.
            cluster.node("Chat", 1).signal(signal.SIGSTOP)
            until("calls are in its hands", lambda: self.longest_out(crowd, 10) > 0.2, 3)
            killed = cluster.node("Chat", 1).kill()
            self.answered_since(crowd, killed + 2)
            crowd.end()
        failed = [(log, say) for log in crowd.logs for say in log.says if not say.is_success]
        out = self.out(crowd, killed, rooms)
        print(f"\n    {len(out)} says were out in its {len(rooms)} rooms, {len(failed)} failed")
        self.assertGreater(len(failed), 5, "calls in its hands")
        for log, say in failed:
            self.assertIn(log.room, rooms)
            self.assertIsNotNone(say.error, "each is told")
            self.assertEqual(kind(say.error), INTERRUPTED, say)
            # What is sent in the milliseconds until the broker has noticed vanishes with the queue.
            self.assertLess(say.began, killed + 0.25 + SLACK)
            self.assertLess(say.ended, killed + 2 + SLACK)
        # What was answered was heard; what failed may have been, and once at most.
        windows = [Window(killed - 5, killed + MOVED, rooms, order_only=True)]
        windows += [Window(say.began, say.ended, frozenset([log.room])) for log, say in failed]
        self.judge(crowd, windows)
        self.report_first_success(crowd, killed, rooms)

    def report_first_success(self, crowd, killed, rooms):
        """From SIGKILL until the next say in each of its rooms is answered with success."""
        times = []
        for room in rooms:
            ended = [say.ended for log in crowd.logs if log.room == room for say in log.says
                     if say.is_success and say.ended > killed]
            times.append(min(ended) - killed)
        print(f"    the next say in each of its {len(rooms)} rooms succeeded {min(times):.2f} to {max(times):.2f} s after "
              f"SIGKILL, median {statistics.median(times):.2f} s")
        self.within(max(times), 2, "until the last of its rooms spoke again")

    def test_one_that_comes_takes_its_share(self):
        cluster = self.cluster().start_all(gates=2, chats=2)
        peer = Peer(cluster.vhost)
        self.addCleanup(peer.close)
        with self.crowd(cluster) as crowd:
            crowd.begin()
            self.answered_since(crowd, 0)
            new = cluster.start("Chat", 2)
            served = new.when("listening id(", new.began)
            rooms = self.rooms_of(cluster, crowd, 2, range(3))
            chats = [cluster.instance("Chat", index) for index in range(3)]

            def calls():
                return [peer.call(chat, "$status")["calls"] for chat in chats]

            until("it is called", lambda: peer.call(chats[2], "$status")["calls"] > 0, MOVED + SLACK)
            self.within(time.monotonic() - served, MOVED, "until the newcomer was called")
            # What is tested: the share that it has by then.
            time.sleep(max(0, served + MOVED - time.monotonic()))
            before, since = calls(), time.monotonic()
            self.answered_since(crowd, since, 10)
            after = calls()
            crowd.end()
        shares = [(last - first) / (sum(after) - sum(before)) for first, last in zip(before, after)]
        expected = len(rooms) / len(crowd.rooms)
        print(f"\n    calls {MOVED} s after it served: {', '.join(f'{100 * share:.0f} %' for share in shares)}; "
              f"it owns {len(rooms)} of {len(crowd.rooms)} rooms")
        self.assertGreater(shares[2], 0.8 * expected)
        self.assertLess(shares[2], 1.2 * expected)
        # Nothing is lost, and no call fails.
        self.judge(crowd, [Window(new.began, served + MOVED, rooms, order_only=True)])


class Rolling(Elastic):
    def test_all_nodes_one_by_one(self):
        """Nobody notices but who is at the Gate that goes, and that one sees no more than the end of its connection."""
        counts = {"Chat": 2, "Login": 2, "Gate": 2}
        cluster = self.cluster().start_all(gates=2, logins=2, chats=2)
        windows = []
        with self.crowd(cluster) as crowd:
            crowd.begin()
            self.answered_since(crowd, 0)
            for name, count in counts.items():
                for index in range(count):
                    windows.append(self.replace(cluster, crowd, name, index))
                    self.answered_since(crowd, time.monotonic())
            crowd.end()
        self.judge(crowd, windows)
        refused = [failure for client in crowd.clients for failure in client.failures]
        self.assertEqual(refused, [], "whoever connects again gets in at once")
        self.check_what_was_asked_too_late(crowd)
        for log in crowd.logs:
            self.assertEqual(len(log.memberships), 2, f"{log.name} was at its Gate, and at the one that came instead")

    def check_what_was_asked_too_late(self, crowd):
        """What was never answered, because the connection ended first, was not done either: saying it again is safe."""
        late = {(log.name, say.number) for log in crowd.logs for say in log.says if say.error is None}
        heard = {(hearing.sayer, hearing.number) for log in crowd.logs for hearing in log.heard}
        print(f"    {len(late)} says were cut off by the end of a connection, {len(late & heard)} of them were heard")
        self.assertEqual(late & heard, set())

    def replace(self, cluster, crowd, name, index):
        """Ends a node, starts another in its place, and returns what that excuses."""
        print(f"    {name} {index}: ", end="")
        told = cluster.node(name, index).signal(signal.SIGTERM)
        self.assertEqual(cluster.node(name, index).wait(), 0)
        gone = time.monotonic()
        self.assertLess(gone - told, END + SLACK)
        again = cluster.start(name, index)
        served = again.when("TCP Listen" if name == "Gate" else "listening id(", again.began)
        print(f"gone after {gone - told:.2f} s, another serves after {served - told:.2f} s", end="")
        if name == "Gate":
            gate = cluster.instance(name, index)
            crowd.wait("its clients are back", lambda: all(
                log.memberships[-1][0] > told and log.memberships[-1][1] == FOREVER
                for log in crowd.logs if log.gate == gate))
            back = max(log.memberships[-1][0] for log in crowd.logs if log.gate == gate)
            print(f"; its clients are back {back - served:.2f} s later")
            self.within(back - served, RECONNECTED, "until the last client of the Gate was in its room")
            return Window(told, back, gates=frozenset([gate]))
        print()
        rooms = frozenset() if name == "Login" else self.rooms_of(cluster, crowd, index, range(2))
        return Window(told, served + MOVED, rooms, order_only=True)
