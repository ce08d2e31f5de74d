"""What clients of a chat said and heard, and what of it is wrong: pure values.

Times are seconds of one monotonic clock.
"""

import collections
import dataclasses
import itertools

FOREVER = float("inf")


@dataclasses.dataclass
class Say:
    """`error`: "" if it was answered `say success`, else the answer's text; None if no answer ever came."""

    number: int
    began: float
    ended: float = FOREVER
    error: str | None = None

    @property
    def is_success(self):
        return self.error == ""


@dataclasses.dataclass
class Hearing:
    sayer: str
    number: int
    at: float


@dataclasses.dataclass
class ClientLog:
    """One client, who is in one room. `memberships`: from when until when it was a member, one pair a connection."""

    name: str
    room: str
    gate: str
    says: list = dataclasses.field(default_factory=list)
    heard: list = dataclasses.field(default_factory=list)
    memberships: list = dataclasses.field(default_factory=list)
    foreign: list = dataclasses.field(default_factory=list)  # what came and was none of the room's says

    def was_member(self, since, until):
        return any(began <= since and until <= ended for began, ended in self.memberships)


@dataclasses.dataclass
class Window:
    """A time in which a fault excuses what goes wrong, in some rooms and for the sessions of some Gates.

    `rooms`, `gates`: which ones; None: all. `order_only`: only other order is excused, as when another instance becomes
    the rooms' owner in good order.
    """

    since: float
    until: float
    rooms: frozenset | None = frozenset()
    gates: frozenset | None = frozenset()
    order_only: bool = False
    why: str = ""

    def touches(self, since, until):
        return since < self.until and self.since < until

    def holds_room(self, room):
        return self.rooms is None or room in self.rooms

    def holds_gate(self, gate):
        return self.gates is None or gate in self.gates


@dataclasses.dataclass
class Findings:
    total: int = 0  # says
    judged: int = 0  # those outside all windows
    duplicates: list = dataclasses.field(default_factory=list)
    foreign: list = dataclasses.field(default_factory=list)
    failed: list = dataclasses.field(default_factory=list)
    lost: list = dataclasses.field(default_factory=list)
    reordered: list = dataclasses.field(default_factory=list)
    disconnected: list = dataclasses.field(default_factory=list)

    @property
    def share(self):
        return self.judged / self.total if self.total else 0.0

    @property
    def faults(self):
        """What is wrong, by kind; empty if nothing is."""
        names = ("duplicates", "foreign", "failed", "lost", "reordered", "disconnected")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def __str__(self):
        text = f"{self.total} says, {self.judged} ({100 * self.share:.1f} %) outside of all windows"
        for name, found in self.faults.items():
            text += f"\n      {len(found)} {name}; the first: {'; '.join(map(str, found[:5]))}"
        return text


class Check:
    """`transit`: seconds in which an answered say must have been heard, and that a push may be under way when a fault
    comes."""

    def __init__(self, logs, windows, transit=1.0):
        self.logs, self.windows, self.transit = logs, windows, transit
        self.findings = Findings()
        self.rooms = collections.defaultdict(list)
        for log in logs:
            self.rooms[log.room].append(log)
        self.heard = {log.name: {(hearing.sayer, hearing.number) for hearing in log.heard} for log in logs}
        # Only windows that can excuse a client's says or hearings, found once for each client.
        self.of_client = {log.name: [window for window in windows if window.holds_gate(log.gate)
                                     or window.holds_room(log.room)] for log in logs}
        self.hearing_windows = {log.name: [window for window in windows if window.holds_gate(log.gate)
                                           and not window.order_only] for log in logs}

    def run(self):
        for log in self.logs:
            self._once(log)
            self._says(log)
            self._connections(log)
        for logs in self.rooms.values():
            self._order(logs)
        return self.findings

    def _is_outside(self, log, say, for_order=False):
        return not any(window.touches(say.began, say.ended + self.transit)
                       for window in self.of_client[log.name] if for_order or not window.order_only)

    def _once(self, log):
        """Never is anything heard twice, not even during a fault, and never what was not said in the room."""
        counts = collections.Counter((hearing.sayer, hearing.number) for hearing in log.heard)
        said = {(other.name, say.number) for other in self.rooms[log.room] for say in other.says}
        for key, count in counts.items():
            if count > 1:
                self.findings.duplicates.append(f"{log.name} heard {key} {count} times")
            if key not in said:
                self.findings.foreign.append(f"{log.name} heard {key}, which nobody said in {log.room}")
        self.findings.foreign += [f"{log.name} got {what}" for what in log.foreign]

    def _says(self, log):
        self.findings.total += len(log.says)
        for say in log.says:
            if not self._is_outside(log, say):
                continue
            self.findings.judged += 1
            if say.is_success:
                self._delivery(log, say)
            elif say.error is not None:
                self.findings.failed.append(f"{log.name} number {say.number} at {say.began:.2f}: {say.error!r}")
            elif log.was_member(say.began, FOREVER):
                self.findings.failed.append(f"{log.name} number {say.number} at {say.began:.2f}: no answer")
            # Else the answer went with the connection, which is looked at by itself.

    def _connections(self, log):
        """No connection ends but for a fault of its Gate."""
        for _, ended in log.memberships:
            if ended < FOREVER and not any(window.touches(ended - self.transit, ended + self.transit)
                                           for window in self.hearing_windows[log.name]):
                self.findings.disconnected.append(f"{log.name} ({log.gate}) at {ended:.2f}")

    def _delivery(self, log, say):
        for other in self.rooms[log.room]:
            until = say.ended + self.transit
            if not other.was_member(say.began, until) or (log.name, say.number) in self.heard[other.name]:
                continue
            if any(window.touches(say.began, until) for window in self.hearing_windows[other.name]):
                continue
            self.findings.lost.append(f"{other.name} ({other.gate}) never heard {log.name} number {say.number}, "
                                      f"said in {log.room} from {say.began:.2f} to {say.ended:.2f}")

    def _order(self, logs):
        """Of what was said outside all windows, every member of a room hears one and the same order."""
        stable = {(log.name, say.number) for log in logs for say in log.says if self._is_outside(log, say, True)}
        sequences = {}
        for log in logs:
            sequence = [(hearing.sayer, hearing.number) for hearing in log.heard
                        if (hearing.sayer, hearing.number) in stable and not any(
                            window.touches(hearing.at - self.transit, hearing.at) for window in self.hearing_windows[log.name])]
            sequences[log.name] = sequence
            last = {}
            for sayer, number in sequence:
                if number < last.get(sayer, number):
                    self.findings.reordered.append(f"{log.name} heard {sayer} number {number} after {last[sayer]}")
                last[sayer] = number
        for (one, first), (other, second) in itertools.combinations(sequences.items(), 2):
            common = set(first) & set(second)
            pairs = zip((key for key in first if key in common), (key for key in second if key in common))
            odd = next((pair for pair in pairs if pair[0] != pair[1]), None)
            if odd:
                self.findings.reordered.append(f"in {logs[0].room} {one} heard {odd[0]} where {other} heard {odd[1]}")


def check(logs, windows, transit=1.0):
    return Check(logs, windows, transit).run()
