"""Calls of this process to others, and what ends them: a reply, a return, the deadline (docs/wire.md §5, §6)."""

import concurrent.futures
import itertools
import logging
import threading
import time

from . import wire
from .errors import CallError
from .groups import PUSH

log = logging.getLogger("mqant")
ACQUAINTANCE = 2.0  # seconds after which everybody there is has answered "who are you"


class NotDelivered(Exception):
    """No handler saw the request: it may be sent to another instance."""


class Calls:
    """Used from any thread; what comes from the broker is told by the two threads of a Life."""

    def __init__(self, node_name, timeout):
        """`timeout`, in seconds, of calls without a deadline of their own."""
        self._name, self._timeout = node_name, timeout
        self._numbers = itertools.count(1)
        self._futures = {}
        self._life, self._born = None, 0.0
        self._changed = threading.Condition()

    def call(self, target, function, arguments, deadline=None, headers=None):
        """Calls a function of whoever fits `target`: {"module_type": …}, {"instance": …} or {"group": …}, where a push
        goes. Raises CallError."""
        deadline = deadline or time.monotonic() + self._timeout
        tried = set()
        while True:
            life, queue = self._choose(target, tried, deadline)
            if queue is None:
                raise not_found(target)
            try:
                return self._attempt(life, queue, function, arguments, deadline, headers)
            except NotDelivered:
                tried.add(queue)

    def cast(self, target, function, arguments, headers=None):
        """Sends a request that nobody answers. Waits for a connection as a call does."""
        deadline = time.monotonic() + self._timeout
        # First of all: it says what is wrong with it.
        properties, body = wire.write_request(function, arguments, self._name, round(self._timeout * 1000),
                                              headers=headers)
        life, queue = self._choose(target, (), deadline)
        if queue is None or not life.publish(queue, properties, body, mandatory=True):
            log.warning("%s is lost: %s", function, not_found(target).text if life else "there is no broker")

    def _choose(self, target, tried, deadline):
        """A connection and a queue; waits for a connection, and for the others' answers after it has come."""
        with self._changed:
            while True:
                now = time.monotonic()
                queue = self._life and self._life.view.choose(now, excluding=tried, **target)
                patience = min(deadline, self._born + ACQUAINTANCE) if self._life else deadline
                if queue or now >= patience:
                    return self._life, queue
                self._changed.wait(patience - now)

    def _attempt(self, life, queue, function, arguments, deadline, headers):
        milliseconds = int((deadline - time.monotonic()) * 1000)
        if milliseconds < 1:
            raise CallError("timeout", f"{function} did not answer in time")
        correlation, future = f"{next(self._numbers):x}", concurrent.futures.Future()
        properties, body = wire.write_request(function, arguments, self._name, milliseconds, life.names.replies,
                                              correlation, headers)
        with self._changed:
            if self._life is not life:
                raise NotDelivered
            self._futures[correlation] = future
        try:
            if not life.publish(queue, properties, body, mandatory=True):
                raise NotDelivered
            return future.result(max(0, deadline - time.monotonic()))
        except concurrent.futures.TimeoutError:
            raise CallError("timeout", f"{function} did not answer in time") from None
        finally:
            # What comes later finds nothing, and is dropped.
            with self._changed:
                self._futures.pop(correlation, None)

    # What comes.

    def connected(self, life):
        with self._changed:
            self._life, self._born = life, time.monotonic()
            self._changed.notify_all()

    def disconnected(self):
        """Nobody knows what became of the calls that were out."""
        with self._changed:
            self._life = None
            correlations = list(self._futures)
        for correlation in correlations:
            self._end(correlation, error=CallError("disconnected", "the connection to the broker was lost"))

    def announced(self, announcement):
        """Takes an announcement in."""
        with self._changed:
            if self._life:
                now = time.monotonic()
                self._life.view.apply(announcement, now)
                for other in wire.others(announcement):
                    self._life.view.learn(other, now)
                self._changed.notify_all()

    def claimed(self, node, sequence):
        """Others say that a node does not answer."""
        with self._changed:
            if self._life:
                self._life.view.claim(node, sequence, time.monotonic())

    def look(self, question):
        """The answer to a question about the view; None while there is no connection."""
        with self._changed:
            return self._life and question(self._life.view)

    def gone(self, queues):
        """Others have proof that these queues are gone."""
        with self._changed:
            for queue in queues if self._life else ():
                self._life.view.remove(queue)

    def received(self, properties, body):
        """Takes a reply; raises Unreadable."""
        load = wire.read_load(properties)
        if load and properties.app_id:
            with self._changed:
                if self._life:
                    self._life.view.told_load(properties.app_id, *load, time.monotonic())
        try:
            result, error = wire.read_reply(properties, body), None
        except CallError as one:
            result, error = None, NotDelivered() if one.code == "withdrawn" else one
        self._end(properties.correlation_id, result, error)

    def returned(self, queue, properties, body):
        """A request came back: its queue is gone."""
        with self._changed:
            life, other = self._life, None
            if life:
                life.view.remove(queue)
            if life and properties.type == PUSH and not properties.reply_to:
                other = life.view.choose(time.monotonic(), group=properties.headers["group"])
        if other:
            # Nobody waits for it, so nobody else would send it again.
            life.publish(other, properties, body, mandatory=True)
        self._end(properties.correlation_id, error=NotDelivered())

    def _end(self, correlation, result=None, error=None):
        with self._changed:
            future = self._futures.pop(correlation, None)
        if future is None:
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(result)


def not_found(target):
    kind, name = next(iter(target.items()))
    if kind == "group":
        kind, name = "type", "Gate"
    return CallError("not-found", f"Service({'id' if kind == 'instance' else 'type'}:{name}) not found")
