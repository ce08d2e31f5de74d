"""Nodes that are spread over several brokers."""

from .case import ClusterCase, World
from .network import BRIDGE


class SpreadCase(ClusterCase):
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
