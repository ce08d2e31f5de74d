"""The functions of an instance: requests in, replies out (docs/wire.md §5, §6)."""

import dataclasses
import inspect
import logging
import threading
import time

from . import wire
from .errors import CallError
from .session import Session
from .workers import Workers

log = logging.getLogger("mqant")


@dataclasses.dataclass
class Call:
    """What a function gets to know about its call."""

    session: Session | None
    deadline: float | None  # of time.monotonic(): nobody waits for the answer any more
    headers: dict


class Server:
    def __init__(self, node, workers, capacity):
        self.functions = {}
        self.inline = set()  # names of functions that the reading thread runs
        self.workers = Workers(workers, capacity)
        self.last_request = 0.0
        self.expired = 0
        self._answered = self._failed = 0
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._node = node

    def received(self, properties, body):
        """Takes a message of the instance's queue; raises Unreadable."""
        # The broker does not count an expiration down: it counts from here.
        now = time.monotonic()
        request = wire.read_request(properties, body)
        if request is None:
            return
        self.last_request = now
        deadline = now + request.milliseconds / 1000 if request.milliseconds else None
        if request.function == "$status":
            # Answered here, by an instance that is full too: it is then that somebody asks.
            return self._node.reply(request, self.status())
        if request.function in self.inline:
            return self._handle(request, deadline)
        # A session's requests run in the order in which they came.
        key = request.session and request.session["Sessionid"]
        if not self.workers.submit(key, lambda: self._handle(request, deadline)):
            self._node.reply(request, error=CallError("overloaded", f"{self._node.id} is overloaded"))

    def _handle(self, request, deadline):
        if deadline and time.monotonic() > deadline:
            with self._lock:
                self.expired += 1
            return
        result = error = None
        try:
            result = self._run(request, deadline)
        except CallError as one:
            error = one
        except Exception as one:
            # Whatever it was: the process lives on, and the caller learns no more than that.
            log.exception("%s failed", request.function)
            error = CallError("remote", f"{request.function} failed: {type(one).__name__}")
        with self._lock:
            self._answered += 1
            self._failed += error is not None
        self._node.reply(request, result, error)

    def status(self):
        """What `mqantserver status` shows of this instance."""
        running = min(self.workers.load, self.workers.count)
        return {"id": self._node.id, "type": self._node.type, "uptime": time.monotonic() - self._began,
                "running": running, "waiting": self.workers.load - running, "calls": self._answered,
                "errors": self._failed, "gauges": {"expired": self.expired}}

    def _run(self, request, deadline):
        function = self.functions.get(request.function)
        if function is None:
            raise CallError("function-not-found", f"Remote function({request.function}) not found")
        session = Session(self._node, request.session) if request.session else None
        call, arguments = Call(session, deadline, request.headers), request.arguments()
        try:
            inspect.signature(function).bind(call, *arguments)
        except TypeError as error:
            raise CallError("invalid-arguments", f"{request.function}: {error}") from None
        return function(call, *arguments)
