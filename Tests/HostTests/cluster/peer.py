"""A node of another language: a module `Spy` in Python over pika, as docs/wire.md describes one."""

import contextlib
import itertools
import json
import threading
import time
import uuid

import pika

from .broker import PASSWORD, PORT, USER
from .network import BRIDGE

EXCHANGE = "mqant"
SECONDS = 10.0


class RemoteError(Exception):
    """An error answered by the callee: its code and its text."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


def connect(vhost):
    return pika.BlockingConnection(pika.ConnectionParameters(
        BRIDGE, PORT, vhost, pika.PlainCredentials(USER, PASSWORD), heartbeat=0))


class Peer:
    """Serves `Spy/Handler_Session`, which answers the session that the Gate sent, and calls any instance.

    One thread owns the connection; `call` and `push` may be used from any other.
    """

    def __init__(self, vhost, host=None):
        """`host`: where it runs, as far as the network can tell; by default with the broker."""
        self.node, self.id = f"peer-{uuid.uuid4()}", "peer:Spy"
        self.changed = threading.Condition()
        self.queues = {}  # Id → queue, as announced
        self.gates = set()  # Ids of those that hold sessions
        self.replies = {}  # correlation id → properties and body
        self.numbers, self.sequence = itertools.count(1), itertools.count(1)
        self.is_closed = False
        with host.inside() if host else contextlib.nullcontext():
            self.connection = connect(vhost)
        self.channel = self.connection.channel()
        self.reply_queue = self._consume(self._replied)
        announcements = self._consume(self._announced)
        self.channel.queue_bind(announcements, f"{EXCHANGE}.nodes")
        self.requests = self._consume(self._requested)
        self.channel.basic_publish(
            f"{EXCHANGE}.nodes", "", b"", pika.BasicProperties(type="who-are-you", app_id=self.node))
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _consume(self, handler):
        queue = self.channel.queue_declare("", exclusive=True, arguments={"x-queue-type": "classic"}).method.queue
        self.channel.basic_consume(queue, handler, auto_ack=True)
        return queue

    def _run(self):
        due = 0.0
        while not self.is_closed:
            if time.monotonic() >= due:
                due = time.monotonic() + 1
                self._announce([{"id": self.id, "type": "Spy", "queue": self.requests}])
            self.connection.process_data_events(time_limit=0.1)
        self._announce([], goodbye=True)
        self.connection.close()

    def _announce(self, instances, goodbye=False):
        body = {"version": 2, "node": self.node, "sequence": next(self.sequence), "instances": instances, "goodbye": goodbye}
        properties = pika.BasicProperties(type="member", content_type="application/json", app_id=self.node)
        self.channel.basic_publish(f"{EXCHANGE}.nodes", "", json.dumps(body).encode(), properties)

    def _announced(self, channel, method, properties, body):
        if properties.type == "member" and properties.app_id != self.node:
            with self.changed:
                for instance in json.loads(body)["instances"]:
                    self.queues[instance["id"]] = instance["queue"]
                    if instance.get("gate"):
                        self.gates.add(instance["id"])
                self.changed.notify_all()

    def _requested(self, channel, method, properties, body):
        if not properties.reply_to:
            return
        session = (properties.headers or {}).get("session", "null")
        channel.basic_publish("", properties.reply_to, session, pika.BasicProperties(
            type="reply", correlation_id=properties.correlation_id, content_type="application/json", app_id=self.id))

    def _replied(self, channel, method, properties, body):
        with self.changed:
            self.replies[properties.correlation_id] = (properties, body)
            self.changed.notify_all()

    def _wait(self, what, condition):
        end = time.monotonic() + SECONDS
        with self.changed:
            while (value := condition()) is None:
                left = end - time.monotonic()
                assert left > 0, f"not within {SECONDS} s: {what}"
                self.changed.wait(left)
            return value

    def call(self, instance, function, *arguments, body=None, headers=None):
        """Calls a function with arguments, or with bytes as `body`; returns the result."""
        queue = self._wait(f"an announcement of {instance}", lambda: self.queues.get(instance))
        number = str(next(self.numbers))
        kind = "application/json" if body is None else "application/octet-stream"
        properties = pika.BasicProperties(
            type=function, content_type=kind, correlation_id=number, reply_to=self.reply_queue, app_id=self.node,
            headers=headers, expiration="10000")
        data = json.dumps(arguments).encode() if body is None else body
        self.connection.add_callback_threadsafe(lambda: self.channel.basic_publish("", queue, data, properties))
        properties, answer = self._wait(f"a reply of {function}", lambda: self.replies.pop(number, None))
        result = json.loads(answer)
        if properties.type == "error":
            raise RemoteError((properties.headers or {}).get("error-code", "remote"), result)
        return result

    def push(self, group, topic, body, qos=0):
        """One message to all members of a group: any Gate hands it on to the group's owner."""
        queue = self._wait("an announcement of a Gate", lambda: next((self.queues[gate] for gate in self.gates), None))
        properties = pika.BasicProperties(
            type="$push", content_type="application/octet-stream", app_id=self.node,
            headers={"group": group, "topic": topic} | ({"qos": str(qos)} if qos else {}))
        self.connection.add_callback_threadsafe(lambda: self.channel.basic_publish("", queue, body, properties))

    def close(self):
        self.is_closed = True
        self.thread.join()
