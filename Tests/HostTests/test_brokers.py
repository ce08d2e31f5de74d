"""Several brokers that are a cluster: nodes spread over them. Each is killed, stopped, cut from the others; all are restarted
one by one; one is killed together with a node of ours.

Only with HOST_TESTS_BROKERS=3 in the environment (scripts/test-brokers --cluster)."""

import unittest

from cluster.brokers import COUNT
from cluster.case import ClusterCase, World
from cluster.load import Load
from cluster.network import BRIDGE
from cluster.outcomes import OK
from cluster.recovery import last_failure
from support.deadline import until

BACK = 10.0  # seconds after the end of a broker by which every call succeeds again
# Seconds after a broker fell silent: two heartbeats, and 3.10 declares nothing on any broker until net_ticktime is over.
BACK_FROM_SILENCE = {True: 20.0, False: 110.0}
BACK_FROM_MINORITY = 35.0  # seconds: each node looks every 12 at most, waits 5 for an answer, and asks another broker
SILENCE = 90.0  # seconds
SUCCESSION = 3.0  # seconds until a killed node's successor serves


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

    def test_one_broker_stands_still(self):
        room = self.talk()
        broker = self.broker_of("Chat")
        with Load(self.all, gates=2, pause=0.005) as load:
            began = load.now()
            broker.stand_still()
            try:
                back = BACK_FROM_SILENCE[World.brokers.version >= (4, 2)]
                load.hold(min(SILENCE, back), began)
                if back < SILENCE:
                    load.wait_for_calls(load.now())
                    load.hold(SILENCE, began)
            finally:
                broker.go_on()
                World.brokers.wait_until_whole()
            load.wait_for_calls(load.now() + 2)
        self.report(load.outcomes, began)
        self.within(last_failure(load.outcomes, began), back, "until the last call failed that began after the fault")
        self.hear(room)
        self.talk()

    def test_one_broker_is_cut_from_the_others(self):
        room = self.talk()
        broker = self.broker_of("Chat")
        with Load(self.all, gates=2, pause=0.005) as load:
            began = load.now()
            World.brokers.cut(broker)
            try:
                load.hold(BACK_FROM_MINORITY, began)
                load.wait_for_calls(load.now())
                self.assertEqual(self.ours_at(broker), [], "nobody stays in the minority")
                self.hear(room)
            finally:
                World.brokers.mend(broker)
                World.brokers.wait_until_whole()
            load.wait_for_calls(load.now() + 2)
        self.report(load.outcomes, began)
        self.within(last_failure(load.outcomes, began), BACK_FROM_MINORITY, "until the last call failed")
        self.hear(room)
        self.talk()

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

    def ours_at(self, broker):
        return [key for key in self.all.nodes if broker.connections_from(self.all.address(*key)) > 0]

    def broker_of(self, name, index=0):
        """The broker that a node is connected to, as the kernel tells; `status` tells the same."""
        address = self.all.address(name, index)
        found = [broker for broker in World.brokers.members if broker.connections_from(address) > 0]
        self.assertEqual(len(found), 1)
        told = self.all.status()[self.all.instance(name, index)]["status"]["broker"]
        self.assertEqual(told, f"{BRIDGE}:{found[0].port}")
        return found[0]

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
