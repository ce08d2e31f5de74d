"""Several brokers that are a cluster: nodes spread over them. Each is killed; all are restarted one by one; one is killed
together with a node of ours.

Only with HOST_TESTS_BROKERS=3 in the environment (scripts/test-brokers --cluster)."""

import unittest

from cluster.brokers import COUNT
from cluster.case import World
from cluster.load import Load
from cluster.outcomes import OK
from cluster.spread import SpreadCase
from support.deadline import until

BACK = 2.0  # seconds after the end of a broker by which every call succeeds again
SUCCESSION = 3.0  # seconds until a killed node's successor serves


def setUpModule():
    if COUNT == 1:
        raise unittest.SkipTest("one broker is no cluster: HOST_TESTS_BROKERS=3")
    World.set_up()


class Ends(SpreadCase):
    def test_nodes_at_different_brokers_talk(self):
        for name, index in (("Gate", 0), ("Gate", 1), ("Login", 0), ("Chat", 0)):
            address = self.all.address(name, index)
            with self.subTest(f"{name} {index}"):
                at = [broker.node for broker in World.brokers.members if broker.connections_from(address) > 0]
                self.assertEqual(len(at), 1, at)
        self.talk()

    def test_one_broker_killed(self):
        for broker in World.brokers.members:
            with self.subTest(broker.node):
                self.check_without(broker, broker.kill, self.talk())

    def test_all_brokers_restarted_one_by_one(self):
        room = self.talk()
        for broker in World.brokers.members:
            self.check_without(broker, broker.stop, room)

    def test_a_broker_and_its_node_killed_together(self):
        """In RabbitMQ 4.2 and later the lock of the node's Id outlives both, until the broker is back."""
        room = self.talk()
        broker = self.broker_of("Chat")
        with Load(self.all, gates=2, pause=0.005) as load:
            began = load.now()
            broker.kill()
            self.all.node("Chat").kill()
            again = self.all.start("Chat")
            again.see("listening id(")
            served = load.now()
            try:
                load.wait_for_calls(served + BACK)
                # Its members are still in the room; their names came with their Gates' reports.
                self.hear(room)
            finally:
                broker.start()
                World.brokers.wait_until_whole()
                self.report(load.outcomes, began)
            load.wait_for_calls(load.now() + 2)
        self.within(served - again.began, SUCCESSION, "until the successor served")
        self.only(load.outcomes.began(served + BACK), OK)
        self.talk()

    def check_without(self, broker, end, room):
        """Calls succeed again while a broker is away, and rooms are what they were, then and when it is back."""
        with Load(self.all, gates=2, pause=0.005) as load:
            began = load.now()
            end()
            gone = load.now()
            try:
                load.wait_for_calls(gone + BACK)
                self.hear(room)
            finally:
                # Of three, two must run for the next test.
                broker.start()
                names = sorted(each.node for each in World.brokers.members)
                until("the broker is a member again", lambda: World.brokers.running(broker) == names, 60)
                self.report(load.outcomes, began)
            load.wait_for_calls(load.now() + 2)
        self.only(load.outcomes.began(gone + BACK), OK)
        self.hear(room)
        self.talk()
