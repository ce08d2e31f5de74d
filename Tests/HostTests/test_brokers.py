"""Several brokers that are a cluster: nodes spread over them; one is killed, all are restarted one by one.

Only with HOST_TESTS_BROKERS=3 in the environment (scripts/test-brokers --cluster)."""

import unittest

from cluster.brokers import COUNT
from cluster.case import ClusterCase, World
from cluster.load import Load
from cluster.outcomes import OK
from support.deadline import until

BACK = 10.0  # seconds after the end of a broker by which every call succeeds again


def setUpModule():
    if COUNT == 1:
        raise unittest.SkipTest("one broker is no cluster: HOST_TESTS_BROKERS=3")
    World.set_up()


class Spread(ClusterCase):
    """Two Gates, a Login and a Chat, each at a broker of its own choice."""

    def setUp(self):
        self.all = self.cluster().start_all(gates=2)
        self.ada, self.bob = self.all.player("ada", gate=0), self.all.player("bob", gate=1)
        self.rooms = 0

    def talk(self):
        """Each joins a new room, and hears what the other says there."""
        self.rooms += 1
        room = f"room-{self.rooms}"
        for player in (self.ada, self.bob):
            player.join(room)
        self.hear(room)
        return room

    def hear(self, room):
        for speaker, listener, name in ((self.ada, self.bob, "ada"), (self.bob, self.ada, "bob")):
            speaker.say(room, f"{name} says")
            listener.expect("Chat/OnSay", roomName=room, userName=name, say=f"{name} says")

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
