"""Who is there: the view that announcements make (docs/wire.md §4)."""

import dataclasses
import random

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

    def choose(self, now, module_type=None, instance=None, excluding=()):
        """The queue of the instance with this Id, or of the less busy of two of this type; None if there is none."""
        # Silence proves nothing: what is for one instance goes to it, for there is nowhere else to go.
        live = [one for peer in self.peers.values() if instance or now - peer.heard <= SUSPICION
                for one in peer.instances if one["queue"] not in self.gone and one["queue"] not in excluding
                and (one["id"] == instance if instance else one["type"] == module_type)]
        if not live:
            return None
        return min(random.sample(live, min(2, len(live))), key=load)["queue"]


def load(instance):
    value = instance.get("load", 0)
    return (instance.get("full") is True, value if isinstance(value, (int, float)) else 0)
