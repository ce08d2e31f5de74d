"""A process of the cluster that serves one instance of a module type, and calls others (docs/wire.md)."""

import collections
import json
import logging
import random
import threading
import time
import uuid

import pika
from pika.exceptions import AMQPError

from . import wire
from .calls import Calls
from .errors import IdTaken
from .groups import Groups
from .life import Life, Names
from .serving import Server

log = logging.getLogger("mqant")
HEARTBEAT = 5  # seconds
BEAT = 1.0  # seconds between announcements
LOCK_PATIENCE = 3 * HEARTBEAT  # by then the broker has given up on a dead holder
START_TIMEOUT = 30.0  # seconds: broker, user or virtual host may come later
LONGEST_PAUSE = 0.5  # seconds between two attempts to connect
HOLDER_PATIENCE = 15.0  # seconds for which whoever took our Id over may be silent before we try for the lock again
DEAFNESS = 2.5  # seconds without our own announcements, which come back each second: their exchange was deleted
ANSWER = 0.25  # seconds that others may take to say who they are
SETTLING = 10.0  # seconds: what ends a connection then is something new, and the pauses begin anew
UNREACHABLE = (AMQPError, OSError)  # pika lets the errors of sockets and of names through


class Node(Groups):
    def __init__(self, module_type, instance, uris, exchange="mqant", prefix="", host="", timeout=10.0, workers=8,
                 capacity=1000):
        """`timeout`, in seconds, of calls without a deadline; `capacity`: calls that may run and wait here."""
        self.type, self.id, self.host = module_type, instance, host
        self.dropped = collections.Counter()
        self._uris, self._exchange, self._prefix = list(uris), exchange, prefix
        self._name, self._sequence = str(uuid.uuid4()), 0
        self._calls = Calls(self._name, timeout)
        self._server = Server(self, workers, capacity)
        self._life = None
        self.lives = 0  # connections so far: each has queues of new names
        self._observers = []
        self._stopping = threading.Event()
        self._heard_itself = 0.0
        self._holder_heard = 0.0
        self._holder = None  # who else serves our Id, while we ask: () before somebody says so

    def register(self, name, function, inline=False):
        """`function(call, *arguments)` returns what becomes JSON, or raises HandlerError or InvalidArguments.

        `call` has `session` (None unless a client asked), `deadline` and `headers`. Functions run on several threads; an
        `inline` one on the thread that reads, in the order in which requests come: it must not wait for anything.
        """
        self._server.functions[name] = function
        if inline:
            self._server.inline.add(name)

    def each_second(self, function):
        """Has `function()` run each second while the node serves, on the thread that reads: it must not wait."""
        self._observers.append(function)

    def run_in_order(self, key, job):
        """Runs `job()` on a thread of functions, after all jobs that were given before with the same key."""
        def run():
            try:
                job()
            except Exception:
                log.exception("a job failed")

        if not self._server.workers.submit(key, run):
            log.warning("%s is overloaded: a job is lost", self.id)

    def look(self, question):
        """What `question(view)` answers about who is there (cluster.View); None while there is no connection."""
        return self._calls.look(question)

    def call(self, module_type, function, *arguments, deadline=None):
        """Calls a function of an instance of a type; returns its result, raises CallError. Not before `run`."""
        return self._calls.call({"module_type": module_type}, function, list(arguments), deadline)

    def call_instance(self, instance, function, arguments, deadline=None, headers=None):
        """The same at the instance with this Id; `arguments` is a list, or bytes."""
        return self._calls.call({"instance": instance}, function, arguments, deadline, headers)

    def reply(self, request, result=None, error=None):
        life = self._life
        if request.reply_to and life:
            properties, body = wire.write_reply(request, self.id, result, error)
            life.publish(request.reply_to, properties, body)

    def stop(self):
        """Ends `run` in order. From any thread, or a signal handler."""
        self._stopping.set()

    # Life: on the thread of `run`.

    def run(self):
        """Serves until `stop`. Raises IdTaken, or AMQPError if there is no broker to begin with."""
        end, pause, is_first, began = time.monotonic() + START_TIMEOUT, LONGEST_PAUSE / 20, True, None
        told = None
        while not self._stopping.is_set():
            try:
                life, began = self._begin(), time.monotonic()
                try:
                    if is_first:
                        self._take_lock(life)
                        self._refuse_if_served(life)
                    self._serve(life)
                    is_first = False
                    self._live(life)
                    self._withdraw(life)
                finally:
                    self._life = None
                    life.close()
                    self._calls.disconnected()
            except UNREACHABLE as error:
                # pika leaves the text empty where the socket said what is wrong.
                reason = f"{type(error).__name__}: {str(error) or ', '.join(map(repr, error.args))}"
                if is_first and time.monotonic() >= end:
                    raise AMQPError(f"cannot use RabbitMQ at {self._places()}: {reason}") from error
                if began and time.monotonic() - began >= SETTLING:
                    pause, told = LONGEST_PAUSE / 20, None
                if reason != told:
                    log.warning("no connection to RabbitMQ at %s: %s", self._places(), reason)
                    told = reason
                began = None
                self._stopping.wait(pause * random.uniform(0.5, 1))
                pause = min(LONGEST_PAUSE, pause * 2)

    def _begin(self):
        uri = self._uris[0]
        self._uris = self._uris[1:] + [uri]
        parameters = pika.URLParameters(uri)
        parameters.heartbeat, parameters.socket_timeout, parameters.connection_attempts = HEARTBEAT, 5, 1
        life = Life(parameters, Names(self._exchange, self._prefix, self._name, self.id), self._calls.returned)
        try:
            life.open(self._reader(self._calls.received), self._reader(self._announced))
        except BaseException:
            life.close()
            raise
        # The next time this broker comes first again.
        self._uris = [uri] + self._uris[:-1]
        self._life = life
        self.lives += 1
        self._calls.connected(life)
        return life

    def _take_lock(self, life):
        end = time.monotonic() + LOCK_PATIENCE
        while not life.try_lock() and not self._stopping.is_set():
            if self._holder:
                raise IdTaken("%s is served already, by the node %s on host %s" % (self.id, *self._holder))
            if time.monotonic() >= end:
                raise IdTaken(f"{self.id} is served already, by a process that does not answer")
            self._holder = ()
            self._ask(life)
            wake = time.monotonic() + 0.1
            while not self._holder and time.monotonic() < wake:
                life.process(0.1)
        self._holder = None

    def _refuse_if_served(self, life):
        """The lock may have been deleted under a process that serves on: whoever says so has the Id (docs/wire.md §3)."""
        self._holder = ()
        self._ask(life)
        wake = time.monotonic() + ANSWER
        while not self._holder and time.monotonic() < wake:
            life.process(0.05)
        if self._holder:
            raise IdTaken("%s is served already, by the node %s on host %s" % (self.id, *self._holder))
        self._holder = None

    def _serve(self, life):
        life.serve(self._reader(self._server.received))
        self._ask(life)
        log.info("%s serves as node %s", self.id, self._name)

    def _live(self, life):
        announced = tried = 0.0
        self._heard_itself = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            if now - announced >= BEAT:
                announced = now
                self._announce(life)
                for observer in self._observers:
                    observer()
                if life.has_lock and not life.renew_lock():
                    log.warning("the lock of %s was deleted: taking it again", self.id)
            if now - self._heard_itself > DEAFNESS:
                log.warning("our announcements do not come back: declaring and binding again")
                life.bind_again()
                self._heard_itself = time.monotonic()
                self._ask(life)
            if self._holder:
                # It has taken the Id over, maybe without the lock, which it gets now.
                life.release_lock()
                if now - self._holder_heard < HOLDER_PATIENCE:
                    tried = now
            if not life.has_lock and now - tried >= 0.5:
                # After a reconnect: our own former connection may still have it, or somebody who came meanwhile.
                tried = now
                if life.try_lock():
                    self._holder = None
                elif self._holder is None:
                    self._holder = ()
                    self._ask(life)
            life.process(min(0.1, max(0, announced + BEAT - now)))

    def _withdraw(self, life):
        """No request is lost: callers hear of it, what came is answered, then the queue goes, and what came last is
        answered. Not earlier: to callers, a queue that is gone is a process that is gone."""
        log.info("%s goes", self.id)
        life.is_serving = False
        self._announce(life)
        end = time.monotonic() + 2
        self._server.last_request = time.monotonic()
        while time.monotonic() < min(end, self._server.last_request + 0.1):
            life.process(0.02)
        end = time.monotonic() + 4
        while not self._server.workers.wait_until_idle(0) and time.monotonic() < end:
            life.process(0.02)
        life.withdraw(self._reader(self._server.received))
        end = time.monotonic() + 6
        while not self._server.workers.wait_until_idle(0) and time.monotonic() < end:
            life.process(0.02)
        self._announce(life, is_goodbye=True)

    # What comes.

    def _reader(self, handler):
        """Hands messages to `handler`; what is none is dropped and counted, never answered (docs/wire.md)."""
        def read(properties, body):
            try:
                handler(properties, body)
            except wire.Unreadable as error:
                self.dropped[str(error)] += 1
                log.warning("dropped a message of type %.100r: %s", properties.type, error)

        return read

    def _announced(self, properties, body):
        if properties.app_id == self._name:
            self._heard_itself = time.monotonic()
            return
        if properties.type == "who-are-you":
            return self._announce(self._life)
        if len(body) > wire.MAXIMUM_BODY:
            raise wire.Unreadable("too large")
        if properties.type == "gone":
            return self._calls.gone(wire.read_gone(body))
        if properties.type != "announcement":
            return None  # of a later version of the protocol
        announcement = wire.read_announcement(body)
        if self._calls.announced(announcement):
            self._announce(self._life)
        self._claimed(announcement)

    def _claimed(self, announcement):
        """Who else has our Id: whoever claims it when we ask, and whoever has taken it over (rank 2, docs/wire.md §3)."""
        claim = next((one for one in announcement["instances"] if one["id"] == self.id), None)
        if self._holder and self._holder[0] == announcement["node"]:
            # As long as it says so, it keeps it.
            self._holder_heard = time.monotonic() if claim and not announcement.get("goodbye") else float("-inf")
            return
        if claim and (self._holder == () or self._life.is_serving and claim.get("rank", 1) == 2 and not self._holder):
            self._holder = (announcement["node"], announcement.get("host", ""))
            self._holder_heard = time.monotonic()
            if self._life.is_serving:
                log.error("%s is served by the node %s on host %s too, and gives way", self.id, *self._holder)

    # What goes.

    def _announce(self, life, is_goodbye=False):
        workers = self._server.workers
        self._sequence += 1
        served = {"id": self.id, "type": self.type, "queue": life.names.requests, "load": workers.load,
                  "full": workers.load >= workers.count}
        body = {"node": self._name, "host": self.host, "sequence": self._sequence, "goodbye": is_goodbye,
                "replies": life.names.replies,
                "instances": [served] if life.is_serving and not self._holder else []}
        properties = pika.BasicProperties(type="announcement", content_type=wire.JSON, app_id=self._name)
        life.publish("", properties, json.dumps(body).encode(), exchange=life.names.nodes)

    def _ask(self, life):
        properties = pika.BasicProperties(type="who-are-you", app_id=self._name)
        life.publish("", properties, b"", exchange=life.names.nodes)

    def _places(self):
        """Where the broker is, without passwords."""
        return ", ".join("{0.host}:{0.port}{0.virtual_host!r}".format(pika.URLParameters(uri)) for uri in self._uris)
