"""Who is there: the view that announcements make (docs/wire.md §4)."""

import dataclasses
import random

from .ownership import owner_of, ranked

SUSPICION = 3.0  # seconds: a node silent for so long gets no new calls


@dataclasses.dataclass
class Peer:
    sequence: int
    heard: float
    instances: list


class View:
    """A plain value: no clock, no lock, no network."""

    def __init__(self):
        self.peers = {}
        self.gone = set()  # nodes that said goodbye, and queues that messages came back from

    def apply(self, announcement, now):
        """Takes an announcement in; returns whether its node is new."""
        node, sequence = announcement["node"], announcement["sequence"]
        known = self.peers.get(node)
        if node in self.gone or known and known.sequence >= sequence:
            return False
        if announcement.get("goodbye") is True:
            self.gone.add(node)
            self.peers.pop(node, None)
            return False
        self.peers[node] = Peer(sequence, now, announcement["instances"])
        # An Id has one holder: whoever announces it now has it.
        ids = {one["id"] for one in announcement["instances"]}
        for other, peer in self.peers.items():
            if other != node:
                peer.instances = [one for one in peer.instances if one["id"] not in ids]
        return known is None

    def remove(self, queue):
        """A message to this queue came back: the incarnation is gone."""
        self.gone.add(queue)

    def live(self, now):
        """The instances that get new calls. Without `now` those of silent nodes too: silence proves nothing."""
        return [one for peer in self.peers.values() if now is None or now - peer.heard <= SUSPICION
                for one in peer.instances if one["queue"] not in self.gone]

    def gates(self):
        return [one for one in self.live(None) if one.get("gate") is True]

    def silences(self, now):
        """The queues of all that is not gone, and for how many seconds nothing was heard of each."""
        return {one["queue"]: now - peer.heard for peer in self.peers.values() for one in peer.instances
                if one["queue"] not in self.gone}

    def choose(self, now, module_type=None, instance=None, group=None, excluding=()):
        """The queue of the instance with this Id, of the less busy of two of this type, or of the one that a push to
        this group goes to; None if there is none."""
        # What is for one instance goes to it, for there is nowhere else to go.
        live = [one for one in self.live(None if instance else now) if one["queue"] not in excluding]
        if group is not None:
            return self._owner(live, group)
        live = [one for one in live if (one["id"] == instance if instance else one["type"] == module_type)]
        if not live:
            return None
        return min(random.sample(live, min(2, len(live))), key=load)["queue"]

    @staticmethod
    def _owner(live, group):
        """Of the group's owner, else of a Gate, which hands pushes on: always the same one, so they stay in order."""
        module_type, key = owner_of(group)
        live = [one for one in live if isinstance(one.get("generation"), int)]
        gates = {one["id"]: one["queue"] for one in live if one.get("gate") is True}
        owners = {one["id"]: one["queue"] for one in live if one["type"] == module_type} if module_type else {}
        for instances, name in ((owners, key), (gates, group)):
            if instances:
                return instances[ranked(instances, name)[0]]
        return None


def load(instance):
    value = instance.get("load", 0)
    return (instance.get("full") is True, value if isinstance(value, (int, float)) else 0)
