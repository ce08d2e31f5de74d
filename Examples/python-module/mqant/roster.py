"""Who is in which group, as the Gates report it (docs/wire.md §7, "Presences")."""

import dataclasses
import logging
import threading
import time

from .errors import InvalidArguments
from .ownership import ranked

log = logging.getLogger("mqant")
GRACE = 5.0  # seconds: a Gate that is gone, or this node, may be reconnecting, and then reports come anew
SILENCE = 15.0  # seconds after which a Gate is taken for gone that nobody has proven to be
HANDOVER = 30.0  # seconds that a group is kept which other instances own, for that may change back


@dataclasses.dataclass(frozen=True)
class Presence:
    """What a session joins a group with to be reported: to the owner of `key` among the instances of `type`, and to its
    heir. `name` is for people."""

    type: str
    key: str
    name: str


@dataclasses.dataclass(frozen=True)
class Member:
    group: str
    key: str
    session: str
    name: str
    gate: str
    incarnation: str  # the Gate's queue, with which the membership ends
    life: int  # the connection of this node on which it was reported


class Memberships:
    """A plain value: no clock, no lock, no network."""

    def __init__(self):
        self.groups = {}  # group -> session -> Member
        self._absent = {}  # (incarnation, life) -> since when it is not there
        self._foreign = {}  # group -> since when this instance is neither its key's owner nor its heir

    def begin(self, members):
        for one in members:
            self.groups.setdefault(one.group, {})[one.session] = one

    def end(self, members):
        """Returns those whose name is in their group no more."""
        gone = []
        for one in members:
            group = self.groups.get(one.group, {})
            was_known = group.pop(one.session, None)
            if not group:
                self.groups.pop(one.group, None)
            if was_known and all(other.name != one.name for other in group.values()):
                gone.append(one)
        return gone

    def look(self, now, life, is_there, is_ours):
        """Gives up who went without a report; returns those whose name is in their group no more.

        `is_there(incarnation)` and `is_ours(key)` are what this node knows; `life` is its connection of now.
        """
        members = [one for group in self.groups.values() for one in group.values()]
        away = {(one.incarnation, one.life) for one in members if one.life != life or not is_there(one.incarnation)}
        self._absent = {one: self._absent.get(one, now) for one in away}
        gone = self.end([one for one in members
                         if now - self._absent.get((one.incarnation, one.life), now) >= GRACE])
        foreign = {name for name, group in self.groups.items() if not is_ours(next(iter(group.values())).key)}
        self._foreign = {name: self._foreign.get(name, now) for name in foreign}
        for name, since in self._foreign.items():
            if now - since >= HANDOVER:
                del self.groups[name]
        return gone


class Roster:
    """Who is in the groups that sessions joined with a Presence of this node's type. Made before the node runs.

    Every Gate tells the owner of a presence's key and its heir, and tells all of it again to whoever becomes one. So
    with one or two instances each knows all; of more, the third one does not: ask `Node.members` there. Two things are left
    out. Just after this node has connected the reports are on their way, so for a moment it may know too few. And who
    went while this node was away, or with a Gate that is gone, is listed until a Gate could have reported them again,
    6 s, or 15 s for a Gate that is only unreachable.
    """

    def __init__(self, node, on_absent=None):
        """`on_absent(member)` is called for the last session of a name that left its group or lost its connection, at
        the owner of the key only; a group's in order, on the threads of functions."""
        self._node, self._on_absent = node, on_absent
        self._memberships, self._lock = Memberships(), threading.Lock()
        node.register("$present", self._present, inline=True)
        node.register("$absent", self._ended, inline=True)
        node.each_second(self._look)

    def members(self, group):
        """Those who are in a group: a list of Member, in no order."""
        with self._lock:
            return list(self._memberships.groups.get(group, {}).values())

    def _present(self, call, report):
        members, _ = self._read(report)
        with self._lock:
            self._memberships.begin(members)

    def _ended(self, call, report):
        members, is_owner = self._read(report)
        with self._lock:
            gone = self._memberships.end(members)
        if is_owner:
            self._tell(gone)

    def _read(self, report):
        try:
            described = [(one["group"], one["key"], one["session"], one["name"], report["gate"], report["incarnation"])
                         for one in report["members"]]
        except (KeyError, TypeError):
            described = [(None,)]
        if not all(isinstance(text, str) for one in described for text in one):
            raise InvalidArguments("no report of presences")
        return [Member(*one, self._node.lives) for one in described], report.get("isOwner") is True

    def _look(self):
        now = time.monotonic()
        known = self._node.look(lambda view: (
            view.silences(now), [one["id"] for one in view.live(now) if one["type"] == self._node.type]))
        if known is None:
            return
        silences, others = known

        def rank(key):
            return ranked({*others, self._node.id}, key).index(self._node.id)

        with self._lock:
            gone = self._memberships.look(now, self._node.lives, lambda one: silences.get(one, SILENCE) < SILENCE,
                                          lambda key: rank(key) < 2)
        self._tell([one for one in gone if rank(one.key) == 0])

    def _tell(self, gone):
        for one in gone if self._on_absent else ():
            self._node.run_in_order(one.group, lambda one=one: self._on_absent(one))
