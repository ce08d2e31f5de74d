"""Faults from a seed, one after the other, while a crowd talks; and the windows in which each of them is an excuse."""

import dataclasses
import random
import signal
import time

from .chatlog import Window
from .ownership import owned

ROUND = 60.0  # seconds in which each kind of fault comes once
HEALED = 3.0  # seconds after its repair in which a fault may still be felt
RELINKED = 20.0  # the same after a link was whole again: TCP tries again in pauses that double
MOVED = 2.0  # seconds in which all have heard that an instance came or went in good order
REPLACED = 2.0  # seconds after a kill in which others do what the killed one did: heirs, or brokers
LATE = 0.5  # seconds in which others say something to a new owner of which a Gate has not heard
KINDS = ("kill a chat", "stop a chat", "add a chat", "cut a link", "restart a broker")


@dataclasses.dataclass(frozen=True)
class Step:
    """`pause`: seconds of peace before it; `choice`, from 0 to below 1: whom it hits; `seconds`: how long it lasts;
    `is_abrupt`: nobody is told."""

    kind: str
    pause: float
    choice: float
    seconds: float
    is_abrupt: bool


def rounds(seed, brokers=1):
    """The schedule: rounds without end, in each of which every kind comes once, and a restart for each broker."""
    chance = random.Random(seed)
    while True:
        kinds = [*KINDS, *[KINDS[-1]] * (brokers - 1)]
        chance.shuffle(kinds)
        yield [Step(kind, chance.uniform(2, 4), chance.random(), chance.uniform(2, 4), chance.random() < 0.5)
               for kind in kinds]


class Director:
    """Does what the schedule says to a cluster, and notes the windows.

    It sleeps, for the schedule is one of times: when a fault begins, and how long it lasts.
    """

    def __init__(self, cluster, brokers, crowd, chats, gates):
        self.cluster, self.brokers, self.crowd = cluster, brokers, crowd
        self.gates = [("Gate", index) for index in range(gates)]
        self.chats = [("Chat", index) for index in range(chats)]  # those that are meant to be there
        self.added = chats  # the next one's index
        self.windows = []
        self.began = time.monotonic()
        self.repaired = self.began
        self.absence = 0.0  # seconds that the broker was away, which depend on the machine and count for nothing

    @property
    def time(self):
        return time.monotonic() - self.began - self.absence

    def run(self, seed, seconds):
        for steps in rounds(seed, len(self.brokers.members)):
            began = self.time
            if began >= seconds:
                return
            for step in steps:
                time.sleep(step.pause)
                {"kill a chat": self.kill, "stop a chat": self.stop, "add a chat": self.add, "cut a link": self.cut,
                 "restart a broker": self.restart}[step.kind](step)
            time.sleep(max(0, began + min(ROUND, seconds) - self.time))

    # Faults

    def kill(self, step):
        """While it is away its heirs serve, and nobody may notice."""
        chat = self._chosen(self.chats, step)
        rooms = self._rooms_of(chat)
        with self._fault(f"{chat[0]} {chat[1]} killed", rooms=rooms, healed=REPLACED):
            self.cluster.node(*chat).kill()
        time.sleep(REPLACED + step.seconds)
        with self._fault(f"{chat[0]} {chat[1]} back", rooms=rooms, order_only=True, healed=MOVED):
            self.cluster.start(*chat).see("listening id(")

    def stop(self, step):
        chat = self._chosen(self.chats, step)
        with self._fault(f"{chat[0]} {chat[1]} stopped", rooms=self._rooms_of(chat)):
            node = self.cluster.node(*chat)
            node.signal(signal.SIGSTOP)
            try:
                time.sleep(step.seconds * 1.5)
            finally:
                node.signal(signal.SIGCONT)

    def add(self, step):
        """One more, and gone again in good order: not a fault, so only the order in the rooms that move is excused. A Gate
        that stands still for a moment is late to tell it of its members; they hear everything all the same."""
        chat = ("Chat", self.added)
        self.added += 1
        self.chats.append(chat)
        rooms = self._rooms_of(chat)
        with self._fault(f"{chat[0]} {chat[1]} added", rooms=rooms, order_only=True, healed=MOVED):
            gate = self.cluster.node(*self._chosen(self.gates, step))
            gate.signal(signal.SIGSTOP)
            try:
                self.cluster.start(*chat).see("listening id(")
                time.sleep(LATE)
            finally:
                gate.signal(signal.SIGCONT)
        time.sleep(MOVED + step.seconds)
        with self._fault(f"{chat[0]} {chat[1]} told to go", rooms=rooms, order_only=True, healed=MOVED):
            self.cluster.node(*chat).signal(signal.SIGTERM)
            status = self.cluster.node(*chat).wait()
            assert status == 0, f"a Chat told to go ended with status {status}"
        self.chats.remove(chat)

    def cut(self, step):
        victim = self._chosen([*self.chats, *self.gates, ("Login", 0)], step)
        rooms = self._rooms_of(victim) if victim[0] == "Chat" else frozenset()
        gates = frozenset([self.cluster.instance(*victim)]) if victim[0] == "Gate" else frozenset()
        with self._fault(f"link of {victim[0]} {victim[1]} cut", rooms, gates, healed=RELINKED):
            self.cluster.host(*victim).cut()
            try:
                time.sleep(step.seconds)
            finally:
                self.cluster.host(*victim).restore()

    def restart(self, step):
        """The only broker is away for everybody; one of several only for the nodes that are at it."""
        broker = self._chosen(self.brokers.members, step)
        end, what = (broker.kill, "killed") if step.is_abrupt else (broker.stop, "stopped")
        if len(self.brokers.members) > 1:
            return self._replace(broker, end, what, step)
        with self._fault(f"broker {what}", None, None):
            began = time.monotonic()
            end()
            broker.start()
            self.absence += time.monotonic() - began

    def _replace(self, broker, end, what, step):
        """When it comes back, nobody may notice."""
        at = {node for node in self.cluster.nodes if broker.connections_from(self.cluster.address(*node)) > 0}
        rooms = frozenset().union(*(self._rooms_of(chat) for chat in self.chats if chat in at))
        gates = frozenset(self.cluster.instance(*gate) for gate in self.gates if gate in at)
        began = time.monotonic()
        with self._fault(f"{broker.node} {what}", rooms, gates, healed=REPLACED):
            end()
        time.sleep(step.seconds)
        broker.start()
        self.brokers.wait_until_whole()
        self.absence += time.monotonic() - began

    # Windows

    def _fault(self, *details, **more):
        return Fault(self, *details, **more)

    @staticmethod
    def _chosen(nodes, step):
        return nodes[int(step.choice * len(nodes))]

    def _rooms_of(self, chat):
        chats = [self.cluster.instance(*each) for each in self.chats]
        return owned(self.cluster.instance(*chat), self.crowd.rooms, chats)


class Fault:
    """From entry to exit the fault lasts; the window lasts longer."""

    def __init__(self, director, why, rooms=frozenset(), gates=frozenset(), order_only=False, healed=HEALED):
        self.director, self.healed = director, healed
        self.window = Window(0, 0, rooms, gates, order_only, why)

    def __enter__(self):
        self.window.since = time.monotonic()
        self.window.until = float("inf")
        self.director.windows.append(self.window)

    def __exit__(self, *error):
        now = self.director.repaired = time.monotonic()
        self.window.until = now + self.healed
        since = self.window.since - self.director.began
        scope = [f"{len(names)} {what}" if names is not None else f"all {what}"
                 for names, what in ((self.window.rooms, "rooms"), (self.window.gates, "gates")) if names != frozenset()]
        print(f"    {since:6.2f} to {now - self.director.began:6.2f} s: {self.window.why}"
              f" ({', '.join(scope) or 'nobody may notice'}{', order only' if self.window.order_only else ''})")
