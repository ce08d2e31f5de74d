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
BEAT = 1.0  # seconds between two looks at what has to be done now and then
REPEAT = 5.0  # seconds between announcements although nothing has changed, in a small cluster
REPEAT_SHARE = 0.2  # the same for each node, in a large one
LOCK_PATIENCE = 3 * HEARTBEAT  # by then the broker has given up on a dead holder
START_TIMEOUT = 30.0  # seconds: broker, user or virtual host may come later
LONGEST_PAUSE = 0.5  # seconds between two attempts to connect
HOLDER_PATIENCE = 15.0  # seconds for which whoever took our Id over may be silent before we try for the lock again
DEAFNESS = 2.5  # seconds in which our own messages to all do not come back: their exchange was deleted
OVERTAKEN = 3.1  # seconds for which a wrong proof that a queue is gone is believed
NEIGHBOURS = 8  # nodes behind this one that are told to say something when this one heard nothing
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
        self._holder_heard = 0.0
        self._unechoed = None  # since when a message to all has not come back
        self._refutes = None  # when to say that a proof was wrong
        self._foreigners = set()  # nodes of another version
        self._has_siblings = False  # other instances of the type are there: callers can choose
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
            workers = self._server.workers
            load = (workers.load, workers.load >= workers.count) if self._has_siblings else None
            properties, body = wire.write_reply(request, self.id, result, error, load)
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
            life.open(self._reader(self._replied), self._reader(self._announced))
        except BaseException:
            life.close()
            raise
        # The next time this broker comes first again.
        self._uris = [uri] + self._uris[:-1]
        self._life = life
        self._unechoed = None
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
        life.serve(self._reader(self._requested))
        self._announce(life)
        self._ask(life)
        log.info("%s serves as node %s", self.id, self._name)

    def _live(self, life):
        beat = tried = 0.0
        repeats = time.monotonic() + REPEAT
        while not self._stopping.is_set():
            now = time.monotonic()
            if now >= repeats or self._refutes and now >= self._refutes:
                self._refutes = None
                self._announce(life)
                repeats = now + max(REPEAT, REPEAT_SHARE * len(life.view.peers)) * random.uniform(0.75, 1.25)
            if now - beat >= BEAT:
                beat = now
                self._has_siblings = any(one["type"] == self.type for one in life.view.live(None))
                for observer in self._observers:
                    observer()
                if life.has_lock and not life.renew_lock():
                    log.warning("the lock of %s was deleted: taking it again", self.id)
            if self._unechoed and now - self._unechoed > DEAFNESS:
                log.warning("our announcements do not come back: declaring and binding again")
                life.bind_again()
                self._unechoed = None
                self._announce(life)
                self._ask(life)
                # They hear nothing either, and notice when they say something.
                for queue in life.view.neighbours(self._name, NEIGHBOURS):
                    life.publish(queue, pika.BasicProperties(type="who-are-you", app_id=self._name), b"")
            if self._holder:
                # It has taken the Id over, maybe without the lock, which it gets now.
                life.release_lock()
                if now - self._holder_heard < HOLDER_PATIENCE:
                    tried = now
            if not life.has_lock and now - tried >= 0.5:
                # After a reconnect: our own former connection may still have it, or somebody who came meanwhile.
                tried = now
                if life.try_lock():
                    if self._holder:
                        self._holder = None
                        self._announce(life)
                    self._holder = None
                elif self._holder is None:
                    self._holder = ()
                    self._ask(life)
            life.process(min(0.1, max(0, beat + BEAT - now)))

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
        life.withdraw(self._reader(self._requested))
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

    def _requested(self, properties, body):
        if not self._answered(properties, body):
            self._server.received(properties, body)

    def _replied(self, properties, body):
        if self._answered(properties, body) or wire.is_probe(properties, body):
            return
        # What concerns this node alone comes here, too.
        told = properties.type in ("member", "who-are-you", "unreachable")
        (self._announced if told else self._calls.received)(properties, body)

    def _answered(self, properties, body):
        """Answers a probe that asks for it (§4)."""
        answer = wire.answer_to_probe(properties, body, self._name)
        if answer and self._life:
            self._life.publish(*answer, b"")
        return answer is not None

    def _announced(self, properties, body):
        if properties.app_id == self._name:
            self._unechoed = None
            return
        if properties.type == "who-are-you":
            return self._announce(self._life, to=properties.reply_to)
        if len(body) > wire.MAXIMUM_BODY:
            raise wire.Unreadable("too large")
        if properties.type == "gone":
            queues = wire.read_gone(body)
            if self._life.names.requests in queues or self._life.names.replies in queues:
                self._refutes = time.monotonic() + OVERTAKEN
            return self._calls.gone(queues)
        if properties.type == "unreachable":
            node, sequence = wire.read_claim(body)
            if node == self._name:
                # Only this node can say to all that it is not true.
                return self._announce(self._life)
            return self._calls.claimed(node, sequence)
        if properties.type not in ("member", "announcement"):
            return None  # of a later version of the protocol
        try:
            announcement = wire.read_announcement(body)
        except wire.OtherVersion as other:
            node, host, version = other.args
            if node not in self._foreigners and len(self._foreigners) < 1000:
                self._foreigners.add(node)
                log.error("the node %s on host %s speaks version %s of the protocol, and is ignored",
                          node, host, version)
            return None
        self._calls.announced(announcement)
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
                log.error("%s is served by the node %s on host %s too: on standby", self.id, *self._holder)
                self._announce(self._life)

    # What goes.

    def _announce(self, life, is_goodbye=False, to=None):
        """Tells all who this node is, or the one that has a queue."""
        if to is None:
            self._sequence += 1
        elif self._sequence == 0:
            return  # it is about to tell all
        served = {"id": self.id, "type": self.type, "queue": life.names.requests}
        body = {"version": wire.VERSION, "node": self._name, "host": self.host, "sequence": self._sequence,
                "goodbye": is_goodbye, "replies": life.names.replies,
                "instances": [served] if life.is_serving and not self._holder else []}
        properties = pika.BasicProperties(type="member", content_type=wire.JSON, app_id=self._name)
        if to is not None:
            life.publish(to, properties, json.dumps(body).encode())
        else:
            self._publish_to_all(life, properties, json.dumps(body).encode())

    def _ask(self, life):
        """Has every other node answer who it is, at the reply queue."""
        properties = pika.BasicProperties(type="who-are-you", app_id=self._name, reply_to=life.names.replies)
        self._publish_to_all(life, properties, b"")

    def _publish_to_all(self, life, properties, body):
        if self._unechoed is None:
            self._unechoed = time.monotonic()
        life.publish("", properties, body, exchange=life.names.nodes)

    def _places(self):
        """Where the broker is, without passwords."""
        return ", ".join("{0.host}:{0.port}{0.virtual_host!r}".format(pika.URLParameters(uri)) for uri in self._uris)
