"""Clients that call without end, and write down what became of every call."""

import collections
import itertools
import json
import threading
import time

from support.player import numbers

from .outcomes import CLOSED, OK, REMOTE, UNANSWERED, Outcome, Outcomes, kind
from .ownership import owner

GRACE = 6.0  # seconds after the server's own deadline in which an answer must come, or there is none

rooms = (f"load-{number}" for number in itertools.count(1))


class Caller:
    """One client: a call, its answer, the next call."""

    def __init__(self, load, gate):
        self.load = load
        self.player = load.cluster.connect(f"caller-{next(numbers)}", gate, load.beside_gate)
        self.since = None  # when the call that is out began
        self.thread = threading.Thread(target=self._run)

    def script(self):
        """Pairs of route and arguments, without end; gets every answer's kind back."""
        raise NotImplementedError

    def _run(self):
        script = self.script()
        route, arguments = next(script)
        while not self.load.is_over:
            outcome = self._call(route, arguments)
            self.load.add(outcome)
            if outcome.kind in (CLOSED, UNANSWERED):
                return
            route, arguments = script.send(outcome.kind)
            if self.load.pause:
                self.load.over.wait(self.load.pause)

    def _call(self, route, arguments):
        player = self.player
        topic = f"{route}/{next(numbers)}"
        before = len(player.messages)
        began = self.since = time.monotonic()
        player.mqtt.publish(topic, json.dumps(arguments))

        def answer():
            return next((payload for came, payload in player.messages[before:] if came == topic),
                        b"" if player.connected is False else None)

        try:
            payload = player.wait("an answer", answer, self.load.cluster.timeout + GRACE)
        except AssertionError:
            return Outcome(route, began, time.monotonic(), UNANSWERED, "")
        finally:
            self.since = None
        ended = time.monotonic()
        if not payload:
            return Outcome(route, began, ended, CLOSED, "")
        text = json.loads(payload)["Error"]
        return Outcome(route, began, ended, kind(text), text)


class Logger(Caller):
    """Calls Login, which binds the session at its Gate."""

    def script(self):
        while True:
            yield "Login/Handler_Login", {"userName": f"user-{next(numbers)}", "passWord": "demo"}


class Sayer(Caller):
    """Says something in a room of its own, which it has joined before."""

    def __init__(self, load, gate):
        super().__init__(load, gate)
        self.room = next(load.sayers_rooms)
        self.player.join(self.room)

    def script(self):
        for number in itertools.count(1):
            yield "Chat/Handler_Say", {"roomName": self.room, "say": f"{number}"}


class Roamer(Caller):
    """Joins a room (Chat calls Login and the Gate) and leaves it again."""

    def script(self):
        while True:
            # After an error nobody knows whether it joined or left: it goes on in a new room.
            room = next(rooms)
            joined = OK
            while joined == OK:
                joined = yield "Chat/Handler_JoinChat", {"roomName": room}
                if joined == OK:
                    joined = yield "Chat/Handler_LeaveChat", {"roomName": room}


class Load:
    """Runs from entry to exit of a `with`."""

    def __init__(self, cluster, gates=1, pause=0.02, each=2, kinds=(Sayer, Logger, Roamer), beside_gate=False, sayers_at=None):
        """`pause`: seconds between a client's calls; `each`: clients of each kind at each Gate; `beside_gate`: they are
        on their Gate's host, and not on the broker's; `sayers_at`: the Chat that owns the sayers' rooms."""
        self.cluster, self.pause, self.beside_gate = cluster, pause, beside_gate
        chats = [cluster.instance(*key) for key in cluster.nodes if key[0] == "Chat"]
        self.sayers_rooms = rooms if sayers_at is None else (
            room for room in rooms if owner(room, chats) == cluster.instance("Chat", sayers_at))
        self.changed = threading.Condition()
        self.over = threading.Event()
        self.outcomes = Outcomes()
        self.callers = [make(self, gate) for gate in range(gates) for make in kinds for _ in range(each)]

    @property
    def is_over(self):
        return self.over.is_set()

    def add(self, outcome):
        with self.changed:
            self.outcomes.append(outcome)
            self.changed.notify_all()

    def __enter__(self):
        for caller in self.callers:
            caller.thread.start()
        try:
            self.wait(10 * len(self.callers))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error):
        self.over.set()
        for caller in self.callers:
            caller.thread.join()
        for caller in self.callers:
            caller.player.close()

    def wait(self, count, seconds=30.0, what=lambda outcome: True):
        """Until `count` more outcomes of this sort have come; returns the last of them."""
        end = time.monotonic() + seconds
        with self.changed:
            seen = len(self.outcomes)
            while True:
                found = Outcomes(self.outcomes[seen:]).where(what)
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {count} such outcomes; {self.summary(seen)}"
                self.changed.wait(left)

    def wait_for_calls(self, since, each=20, seconds=30.0):
        """Until every route has been called so often after a moment, with whatever outcome; leaving aside, for who
        cannot join does not leave."""
        end = time.monotonic() + seconds
        with self.changed:
            routes = {outcome.route for outcome in self.outcomes} - {"Chat/Handler_LeaveChat"}
            counts, seen = collections.Counter(), 0
            while True:
                counts.update(outcome.route for outcome in self.outcomes[seen:] if outcome.began >= since)
                seen = len(self.outcomes)
                if all(counts[route] >= each for route in routes):
                    return
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {each} of each of {routes}; there were {counts}"
                self.changed.wait(left)

    @staticmethod
    def now():
        return time.monotonic()

    def hold(self, seconds, since=None):
        """Lets a fault last until `seconds` after `since`: the one wait for time, for it is what is tested."""
        left = (since or time.monotonic()) + seconds - time.monotonic()
        if left > 0:
            time.sleep(left)

    def out(self, seconds, kinds=(Sayer, Roamer)):
        """The clients of these kinds whose call has been out for so long."""
        now = time.monotonic()
        return [caller for caller in self.callers
                if isinstance(caller, kinds) and (since := caller.since) is not None and now - since >= seconds]

    def stuck(self, kinds=(Sayer, Roamer)):
        """All clients of these kinds, once each has waited longer than any answer takes; until then None."""
        out = self.out(0.3, kinds)
        return out if len(out) == sum(isinstance(caller, kinds) for caller in self.callers) else None

    def summary(self, since=0):
        outcomes = Outcomes(self.outcomes[since:])
        odd = outcomes.of(REMOTE, UNANSWERED, CLOSED)
        return f"{outcomes.kinds}; the last: {outcomes[-3:]}; odd: {odd[:5]}"
