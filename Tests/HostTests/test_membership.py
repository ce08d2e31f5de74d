"""How soon every node knows who came and who went, although nobody calls anybody: docs/architecture.md#membership."""

import signal
import threading

from cluster.case import ClusterCase, World
from cluster.load import Load
from support.deadline import until

NEWS = 1  # seconds by which everybody knows of a node that came or went
SILENCE = 3.25  # seconds by which everybody knows that one does not answer: docs/wire.md §4, and a moment


def setUpModule():
    World.set_up()


class Membership(ClusterCase):
    def setUp(self):
        self.all = self.cluster().start_all(gates=2, chats=3)
        for node in self.all.nodes.values():
            for other in self.all.nodes:
                if self.all.nodes[other] is not node:
                    node.see(f"instance is live host={self.all.address(*other)} instance={self.all.instance(*other)}")

    def everybody_says(self, what, of, since, bound, but=()):
        """Every node, those aside, logs this of an instance within the bound; the slowest is printed."""
        text = f"instance is {what} host={self.all.address(*of)} instance={self.all.instance(*of)}"
        times = [node.when(text, since) for key, node in self.all.nodes.items() if key not in (of, *but)]
        self.within(max(times) - since, bound, f"until {len(times)} nodes said that {of[0]} {of[1]} is {what}")

    def status_ids(self):
        return set(self.all.status())

    def test_one_that_is_killed(self):
        killed = self.all.node("Chat", 1).kill()
        # It takes two seconds to ask everybody; who was killed a moment before it began is not there.
        ids = self.status_ids()
        self.everybody_says("gone", ("Chat", 1), killed, NEWS)
        self.assertEqual(ids, {self.all.instance(*key) for key in self.all.nodes if key != ("Chat", 1)})

    def test_a_newcomer_hides_nobody_that_was_killed_before_it_came(self):
        """Visitors are behind the last node by name: what looks after the first one from now on never heard it."""
        nodes = {id: row["node"] for id, row in self.all.status().items()}
        first = min(self.all.nodes, key=lambda key: nodes[self.all.instance(*key)])
        killed = self.all.nodes[first].kill()
        host = next(key for key in (("Gate", 0), ("Gate", 1)) if key != first)
        self.assertNotIn(self.all.instance(*first), self.all.status(*host))
        self.everybody_says("gone", first, killed, NEWS)

    def test_status_that_began_before_the_kill(self):
        found = []
        address = self.all.address("Gate")
        before = World.broker.connections_from(address)
        asking = threading.Thread(target=lambda: found.append(self.status_ids()))
        asking.start()
        until("status is at the broker", lambda: World.broker.connections_from(address) > before + 1)
        self.all.node("Gate", 1).kill()
        asking.join()
        self.assertNotIn(self.all.instance("Gate", 1), found[0])

    def test_several_at_once(self):
        victims = [("Chat", 0), ("Chat", 2), ("Gate", 1), ("Login", 0)]
        killed = min(self.all.node(*key).signal(signal.SIGKILL) for key in victims)
        for key in victims:
            self.everybody_says("gone", key, killed, NEWS, but=victims)

    def test_one_that_comes(self):
        for key in (("Chat", 3), ("Gate", 2)):
            node = self.all.start(*key)
            served = node.when("listening id(", node.began)
            self.everybody_says("live", key, node.began, served - node.began + NEWS)
        self.assertEqual(self.status_ids(), {self.all.instance(*key) for key in self.all.nodes})

    def test_one_that_goes_in_order(self):
        leaving = self.all.node("Chat", 0).signal(signal.SIGTERM)
        self.everybody_says("gone", ("Chat", 0), leaving, NEWS)
        self.assertEqual(self.all.node("Chat", 0).wait(), 0)

    def test_one_that_falls_silent_and_is_heard_again(self):
        cut = Load.now()
        self.all.host("Chat", 2).cut()
        self.everybody_says("unreachable", ("Chat", 2), cut, SILENCE)
        # It cannot say so itself: three others told the program that asked.
        silent = self.all.instance("Chat", 2)
        self.assertEqual({key for key, row in self.all.status().items() if row["unreachable"]}, {silent})
        self.all.host("Chat", 2).restore()
        # TCP tries again in pauses that double: after as long as the cut, at the latest.
        restored = Load.now()
        self.everybody_says("live", ("Chat", 2), restored, restored - cut + NEWS)

    def test_a_prober_that_is_stopped_hides_nobody(self):
        """Whoever looks after the killed one may be the stopped one: the one before that looks after both."""
        stopped = [("Gate", 0), ("Chat", 0)]
        for key in stopped:
            self.all.node(*key).signal(signal.SIGSTOP)
        try:
            killed = [self.all.node(*key).kill() for key in (("Chat", 1), ("Chat", 2), ("Gate", 1))]
            for key, when in zip((("Chat", 1), ("Chat", 2), ("Gate", 1)), killed):
                # A neighbour that left a probe unanswered is not relied on.
                self.everybody_says("gone", key, when, 1 + NEWS, but=[*stopped, ("Chat", 1), ("Chat", 2), ("Gate", 1)])
        finally:
            for key in stopped:
                self.all.node(*key).signal(signal.SIGCONT)
