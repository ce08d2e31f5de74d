"""Who is there: the view that announcements make (docs/wire.md §4)."""

import dataclasses
import random

from .ownership import owner_of, ranked

LOAD_MEMORY = 1.0  # seconds for which counts how busy an instance said that it is


@dataclasses.dataclass
class Peer:
    sequence: int
    instances: list
    replies: str | None = None
    unreachable_since: float | None = None  # others say that it does not answer


class View:
    """A plain value: no clock, no lock, no network."""

    def __init__(self):
        self.peers = {}
        self.gone = set()  # nodes that said goodbye, and queues that messages came back from
        self.loads = {}  # instance -> (full, calls) and when it said so

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
        self.peers[node] = Peer(sequence, announcement["instances"], announcement.get("replies"))
        # An Id has one holder: whoever announces it now has it.
        ids = {one["id"] for one in announcement["instances"]}
        for other, peer in self.peers.items():
            if other != node:
                peer.instances = [one for one in peer.instances if one["id"] not in ids]
        return known is None

    def learn(self, announcement, now):
        """Takes in what another node says of one that this node has not heard itself (docs/wire.md §4)."""
        node = announcement["node"]
        if node in self.gone or node in self.peers:
            return
        served = {one["id"] for peer in self.peers.values() for one in peer.instances}
        instances = [one for one in announcement["instances"] if one["id"] not in served]
        self.peers[node] = Peer(announcement["sequence"], instances, announcement.get("replies"),
                                now if announcement.get("unreachable") is True else None)

    def claim(self, node, sequence, now):
        """Somebody says that a node does not answer. A later announcement than the one that it has heard refutes that."""
        peer = self.peers.get(node)
        if peer and peer.sequence <= sequence and peer.unreachable_since is None:
            peer.unreachable_since = now

    def told_load(self, instance, calls, is_full, now):
        """A reply said how busy its instance is."""
        self.loads[instance] = (is_full, calls), now

    def neighbours(self, node, count):
        """Where the next nodes in the ring are reached."""
        names = sorted(self.peers, key=lambda name: (name.encode() <= node.encode(), name.encode()))
        return [self.peers[name].replies for name in names[:count] if self.peers[name].replies]

    def remove(self, queue):
        """A message to this queue came back: the incarnation is gone."""
        self.gone.add(queue)

    def live(self, now):
        """The instances that get new calls. Without `now` those of unreachable nodes too: silence proves nothing."""
        return [one for peer in self.peers.values() if now is None or peer.unreachable_since is None
                for one in peer.instances if one["queue"] not in self.gone]

    def gates(self):
        return [one for one in self.live(None) if one.get("gate") is True]

    def silences(self, now):
        """The queues of all that is not gone, and for how many seconds each has been unreachable."""
        return {one["queue"]: now - (peer.unreachable_since or now) for peer in self.peers.values() for one in peer.instances
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
        return min(random.sample(live, min(2, len(live))), key=lambda one: self._load(one["id"], now))["queue"]

    def _load(self, instance, now):
        load, told = self.loads.get(instance, ((False, 0), now))
        return load if now - told < LOAD_MEMORY else (False, 0)

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
