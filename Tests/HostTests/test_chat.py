"""The demo over three hosts and more."""

import itertools
import unittest

from cluster.case import ClusterCase, World
from cluster.cluster import SHIPPED, TCP
from cluster.node import Node
from support.player import Player

LEAVE = "Chat/Handler_LeaveChat"
rooms = (f"room-{number}" for number in itertools.count(1))


def setUpModule():
    World.set_up()


class Shipped(unittest.TestCase):
    """conf/cluster.conf as it is, on the hosts that it names."""

    placement = {"10.77.0.12": "Login", "10.77.0.13": "Chat", "10.77.0.11": "Gate"}

    @classmethod
    def setUpClass(cls):
        cls.nodes = {}
        for address in cls.placement:
            cls.nodes[address] = Node(World.network.host(address), SHIPPED)
            cls.addClassCleanup(cls.nodes[address].close)
        for address, name in cls.placement.items():
            cls.nodes[address].see(f"listening id({address}:{name})")
        cls.nodes["10.77.0.11"].see("TCP Listen")

    def test_each_host_starts_its_own_module_only(self):
        for address, name in self.placement.items():
            with self.subTest(name):
                self.assertEqual(self.nodes[address].instances(), [f"{address}:{name}"])

    def test_talk(self):
        ada, bob = (Player(TCP, name, host="10.77.0.11") for name in ("ada", "bob"))
        self.addCleanup(ada.close)
        self.addCleanup(bob.close)
        talk(self, ada, bob, next(rooms))


class Across(ClusterCase):
    def test_two_gates_one_room(self):
        cluster = self.cluster().start_all(gates=2)
        talk(self, cluster.player("ada", gate=0), cluster.player("bob", gate=1), next(rooms))

    def test_two_chats_two_gates_many_rooms(self):
        cluster = self.cluster().start_all(gates=2, chats=2)
        for _ in range(6):
            talk(self, cluster.player("ada", gate=0), cluster.player("bob", gate=1), next(rooms))


def talk(test, ada, bob, room):
    """Join, say, leave, and the end of a connection, each heard by the other."""
    ada.join(room)
    ada.expect("Chat/OnJoin", roomName=room, userName="ada")
    bob.join(room)
    for player in (ada, bob):
        player.expect("Chat/OnJoin", roomName=room, userName="bob")
    text = "hello, 世界 \U0001f44b \"quoted\" <b>"
    texts = [text] + [f"number {number}" for number in range(20)]
    for said in texts:
        ada.say(room, said)
    for player in (ada, bob):
        player.expect("Chat/OnSay", roomName=room, userName="ada", say=texts[-1])
        heard = [push["say"] for push in player.pushes("Chat/OnSay") if push["roomName"] == room]
        test.assertEqual(heard, texts, "each once and in order")
    test.assertEqual(bob.call(LEAVE, roomName=room), ("leave success", ""))
    ada.expect("Chat/OnLeave", roomName=room, userName="bob")
    ada.say(room, "alone")
    ada.expect("Chat/OnSay", roomName=room, userName="ada", say="alone")
    test.assertNotIn("alone", [push["say"] for push in bob.pushes("Chat/OnSay")])
    test.assertEqual(bob.call("Chat/Handler_Say", roomName=room, say="x")[1], "You haven't been in the room yet")
    bob.join(room)
    ada.expect("Chat/OnJoin", roomName=room, userName="bob")
    bob.vanish()
    ada.expect("Chat/OnLeave", roomName=room, userName="bob")
    ada.vanish()
