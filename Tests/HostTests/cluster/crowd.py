"""Many chat clients in one thread: they log in, join a room, say something again and again, and write everything down.

Raw MQTT over asyncio: two hundred clients of paho would be two hundred threads.
"""

import asyncio
import contextlib
import json
import random
import threading
import time

from . import mqttwire
from .chatlog import FOREVER, ClientLog, Hearing, Say

LOGIN, JOIN, SAY = "Login/Handler_Login", "Chat/Handler_JoinChat", "Chat/Handler_Say"
AGAIN = 0.2  # seconds until a client tries again to connect, to log in or to join
IS_IN = "Already in this chat room"


class Client(asyncio.Protocol):
    """One client and all of its connections, one after the other."""

    def __init__(self, crowd, log, address, seed):
        self.crowd, self.log, self.address = crowd, log, address
        self.random = random.Random(seed)
        self.numbers = 0
        self.transport = None
        self.failures = []  # what Login and Chat answered instead of letting the client in
        self._reset()

    def _reset(self):
        self.buffer = bytearray()
        self.calls = 0
        self.out = None  # topic of the call that waits for its answer, and what takes it
        self.say = None

    @property
    def is_member(self):
        return bool(self.log.memberships) and self.log.memberships[-1][1] == FOREVER

    # The connection

    async def connect(self):
        while not self.crowd.is_over:
            try:
                await self.crowd.loop.create_connection(lambda: self, *self.address)
                return
            except OSError:
                # Its Gate may be away on purpose: nothing tells of its return but another attempt.
                await asyncio.sleep(AGAIN)

    def connection_made(self, transport):
        self._reset()
        self.transport = transport
        transport.write(mqttwire.connect(""))

    def connection_lost(self, error):
        self.transport = None
        if self.crowd.is_over:
            return
        if self.is_member:
            self.log.memberships[-1][1] = time.monotonic()
        self.crowd.changed()
        self.crowd.spawn(self.connect())

    def data_received(self, data):
        self.buffer += data
        for kind, body in mqttwire.packets(self.buffer):
            if kind == mqttwire.PUBLISH:
                self._published(*mqttwire.read_publish(body))
            elif kind == mqttwire.CONNACK:
                self.login()

    def ping(self):
        if self.transport:
            self.transport.write(mqttwire.PINGREQ)

    # Calls, one at a time

    def _call(self, route, arguments, done):
        if not self.transport:
            return
        self.calls += 1
        topic = f"{route}/{self.calls}"
        self.out = (topic, done)
        self.transport.write(mqttwire.publish(topic, json.dumps(arguments).encode()))

    def _published(self, topic, payload):
        now = time.monotonic()
        if topic == "Chat/OnSay":
            return self._heard(json.loads(payload), now)
        if self.out and topic == self.out[0]:
            done, self.out = self.out[1], None
            done(json.loads(payload)["Error"], now)

    def _heard(self, push, now):
        number = push["say"]
        if push["roomName"] == self.log.room and number.isdigit():
            self.log.heard.append(Hearing(push["userName"], int(number), now))
        else:
            self.log.foreign.append(push)

    # What a client does

    def login(self):
        self._call(LOGIN, {"userName": self.log.name, "passWord": "demo"}, self._logged_in)

    def _logged_in(self, error, now):
        if error:
            self._fail(LOGIN, error, now, self.login)
        else:
            self.join()

    def join(self):
        self._call(JOIN, {"roomName": self.log.room}, self._joined)

    def _joined(self, error, now):
        if error and error != IS_IN:
            return self._fail(JOIN, error, now, self.join)
        self.log.memberships.append([now, FOREVER])
        self.crowd.changed()
        if self.crowd.is_saying:
            self.say_next()

    def _fail(self, route, error, now, again):
        self.failures.append((now, route, error))
        self.crowd.loop.call_later(AGAIN, self._unless_elsewhere(again))

    def _unless_elsewhere(self, action):
        """The action, unless another connection has begun by then."""
        transport = self.transport
        return lambda: action() if self.transport is transport else None

    def say_later(self):
        if not self.crowd.pause:
            # Now, so that there is never a moment at which nobody has a say out.
            return self.say_next()
        pause = self.crowd.pause * self.random.uniform(0.5, 1.5)
        self.crowd.loop.call_later(pause, self._unless_elsewhere(self.say_next))

    def say_next(self):
        if self.crowd.is_saying:
            self.say_once()

    def say_once(self):
        if not self.is_member or self.out:
            return
        self.numbers += 1
        self.say = Say(self.numbers, time.monotonic())
        self.log.says.append(self.say)
        self._call(SAY, {"roomName": self.log.room, "say": str(self.numbers)}, self._said)

    def _said(self, error, now):
        self.say.ended, self.say.error, self.say = now, error, None
        self.crowd.changed()
        self.say_later()


class Crowd:
    """From entry to exit of a `with`: on entry all are in their rooms, on exit they have gone.

    `addresses`: Gate → (host, port); client i is in room i mod `rooms`, and the members of a room are at all Gates in
    turn. `pause`: seconds between an answer and the next say, on average; 0: none, each has one say out at any time.
    """

    def __init__(self, addresses, clients=200, rooms=50, pause=0.4, seed=1):
        self.pause = pause
        self.loop = asyncio.new_event_loop()
        self.tasks = set()
        self.is_saying = self.is_over = False
        self.condition = threading.Condition()
        gates = sorted(addresses)
        self.clients = [
            Client(self, ClientLog(f"client-{number}", f"room-{number % rooms}", gates[number // rooms % len(gates)]),
                   addresses[gates[number // rooms % len(gates)]], f"{seed}/{number}")
            for number in range(clients)]
        self.thread = threading.Thread(target=self._run)

    @property
    def logs(self):
        return [client.log for client in self.clients]

    @property
    def rooms(self):
        return sorted({log.room for log in self.logs})

    def spawn(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def changed(self):
        with self.condition:
            self.condition.notify_all()

    def _run(self):
        asyncio.set_event_loop(self.loop)
        for client in self.clients:
            self.spawn(client.connect())
        self.spawn(self._ping())
        self.loop.run_forever()
        self.loop.close()

    async def _ping(self):
        while True:
            await asyncio.sleep(20)  # well within the Gate's keep-alive
            for client in self.clients:
                client.ping()

    def __enter__(self):
        self.thread.start()
        try:
            self.wait("all are in their rooms", lambda: all(client.is_member for client in self.clients), 60)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, *error):
        self.loop.call_soon_threadsafe(self._leave)
        self.thread.join()

    def _leave(self):
        self.is_over, self.is_saying = True, False
        for client in self.clients:
            if client.transport:
                client.transport.write(mqttwire.DISCONNECT)
                client.transport.close()
        for task in self.tasks:
            task.cancel()
        self.loop.call_later(0.1, self.loop.stop)

    def begin(self):
        """Everybody begins to say things, not all at once."""
        def begin():
            self.is_saying = True
            for client in self.clients:
                client.say_later()

        self.loop.call_soon_threadsafe(begin)

    def end(self, seconds=30.0):
        """Nobody says anything more; returns when all have been answered, and have heard what was said last in their room,
        which comes behind everything that was said there before."""
        self.loop.call_soon_threadsafe(lambda: setattr(self, "is_saying", False))
        self._wait_for_answers(seconds)
        last, begun = {}, threading.Event()

        def say_last():
            for client in self.clients:
                if client.is_member and client.log.room not in last:
                    last[client.log.room] = client
                    client.say_once()
            begun.set()

        self.loop.call_soon_threadsafe(say_last)
        begun.wait()
        self._wait_for_answers(seconds)
        said = {room: (client.log.name, client.numbers) for room, client in last.items() if client.log.says[-1].is_success}

        def heard(log):
            return said[log.room] in ((push.sayer, push.number) for push in reversed(log.heard))

        with contextlib.suppress(AssertionError):  # what was lost has no event, and is for others to find
            self.wait("the last says are heard", lambda: all(
                heard(client.log) for client in self.clients if client.is_member and client.log.room in said), seconds)

    def _wait_for_answers(self, seconds):
        self.wait("all says are answered", lambda: all(client.say is None or not client.transport
                                                       for client in self.clients), seconds)

    def wait(self, what, condition, seconds=30.0):
        end = time.monotonic() + seconds
        with self.condition:
            while not condition():
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {what}; {self.summary()}"
                self.condition.wait(min(left, 0.5))

    def says(self):
        return [say for log in self.logs for say in log.says]

    def summary(self):
        members = sum(client.is_member for client in self.clients)
        failures = [failure for client in self.clients for failure in client.failures]
        return f"{members} of {len(self.clients)} are members, {len(self.says())} says, refused: {failures[-3:]}"
