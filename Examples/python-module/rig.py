"""What the tests of this folder have in common: a broker, the server, Dice as a process, and a bare AMQP client."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import uuid

import pika
from pika.exceptions import AMQPError

# Brokers, servers and players are those of the clients' tests.
from support.broker import HOST, WITH_US, Broker
from support.server import Server

HERE = pathlib.Path(__file__).resolve().parent


class ServerAtBroker(Server):
    """mqantserver with a Gate, and what is not left out, which meets others at a broker. Servers at one broker have
    names of their own, for Ids."""

    def __init__(self, broker, exchange="mqant", without=("Chat", "Web"), uri=None, name=HOST):
        self.rabbitmq, self.name = {"Uri": uri or broker.uri(), "Exchange": exchange}, name
        super().__init__(without=without)

    def _configuration(self, *settings):
        configuration = dict(super()._configuration(*settings), Rabbitmq=self.rabbitmq)
        for module_type, entries in configuration["Module"].items():
            entries[0]["Id"] = f"{self.name}:{module_type}"
        return configuration

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with status {self.process.returncode}: {self._tail()}")
        try:
            socket.create_connection((HOST, self.tcp), 1).close()
            return True
        except OSError:
            return False


class ModuleProcess:
    """dice.py or table.py, serving once this returns."""

    program = None

    def __init__(self, wire, instance=None, exchange="mqant", workers=8, uri=None, expect=True):
        instance = instance or f"test:{self.program.capitalize()}"
        self.instance, self.host = instance, f"host-{uuid.uuid4().hex[:8]}"
        self.process = subprocess.Popen(
            [*WITH_US, sys.executable, f"{self.program}.py", "--id", instance, "--exchange", exchange,
             "--workers", str(workers), "--host", self.host],
            cwd=HERE, env={**os.environ, f"{self.program.upper()}_URI": uri or wire.uri},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            if expect:
                self.queue = wire.queue_of(instance, self.host)
        except BaseException:
            self.kill()
            raise

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.errors()

    def errors(self, seconds=20):
        """Waits for its end; returns what it said."""
        return self.process.communicate(timeout=seconds)[1]

    def stop(self):
        """As an operator does; checks that it goes well."""
        self.signal(signal.SIGTERM)
        said = self.errors()
        assert self.process.returncode == 0, (self.process.returncode, said)
        return said


class DiceProcess(ModuleProcess):
    program = "dice"


class TableProcess(ModuleProcess):
    program = "table"


class Wire:
    """AMQP and docs/wire.md, nothing else: none of the code under test."""

    def __init__(self, uri, exchange="mqant"):
        self.uri, self.exchange = uri, exchange
        self.connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.channel = self.connection.channel()
        self.channel.exchange_declare(f"{exchange}.nodes", "fanout", durable=True)
        self.announced = []  # (when, body) in the order in which they came
        self.replies = {}  # correlation id -> (properties, body)
        self.told = []  # all that came to the reply queue
        self.returned = []
        self.name = f"wire-{uuid.uuid4()}"
        self.channel.add_on_return_callback(lambda *message: self.returned.append(message[1].routing_key))
        self.channel.basic_consume(self._queue(bound=True), self._heard, auto_ack=True)
        self.reply_queue = self._queue()
        self.channel.basic_consume(self.reply_queue, self._replied, auto_ack=True)

    def _queue(self, bound=False):
        name = self.channel.queue_declare("", exclusive=True, arguments={"x-queue-type": "classic"}).method.queue
        if bound:
            self.channel.queue_bind(name, f"{self.exchange}.nodes", "")
        return name

    def _heard(self, channel, method, properties, body):
        if properties.type == "member":
            self.announced.append((time.monotonic(), json.loads(body)))

    def _replied(self, channel, method, properties, body):
        self.replies[properties.correlation_id] = (properties, body)
        self.told.append((properties, body))

    def wait(self, what, condition, seconds=15.0):
        end = time.monotonic() + seconds
        while True:
            value = condition()
            if value not in (None, False):
                return value
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            self.connection.process_data_events(time_limit=0.2)

    def ask(self):
        self.publish("", pika.BasicProperties(type="who-are-you", app_id=self.name), b"", f"{self.exchange}.nodes")

    def publish(self, queue, properties, body, exchange=""):
        self.channel.basic_publish(exchange, queue, body, properties, mandatory=not exchange)

    def queue_of(self, instance, host=None):
        """Where requests to an instance go, as its node announced last; `host` tells processes with one Id apart."""
        def find():
            for _, body in reversed(self.announced):
                for one in body["instances"]:
                    if one["id"] == instance and host in (None, body.get("host")):
                        return one["queue"]

        return self.wait(f"an announcement of {instance}", find, 30)

    def call(self, queue, function, body, wants_reply=True, **properties):
        """Sends a request; returns its correlation id."""
        number = f"no. {uuid.uuid4()}"
        values = dict(type=function, content_type="application/json", app_id=self.name, correlation_id=number,
                      reply_to=self.reply_queue if wants_reply else None, expiration="10000")
        values.update(properties)
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.publish(queue, pika.BasicProperties(**values), body)
        return number

    def reply(self, number):
        """Waits for a reply: its type, its error code and what is in it."""
        properties, body = self.wait(f"the reply to {number}", lambda: self.replies.get(number))
        return properties.type, (properties.headers or {}).get("error-code"), json.loads(body)

    def close(self):
        try:
            self.connection.close()
        except AMQPError:
            pass  # the test ended it, or its broker
