"""A player: a real MQTT client (paho) that calls functions and remembers its pushes."""

import itertools
import json
import threading
import time

import paho.mqtt.client as mqtt

from .server import HOST

SECONDS = 10.0  # how long anything may take on a slow machine
numbers = itertools.count(1)


class Player:
    """Connected from construction; every wait is for an event and ends with AssertionError after SECONDS."""

    def __init__(self, port, name=None, protocol=mqtt.MQTTv31, client_id="", host=HOST, transport="tcp",
                 authority=None):
        """Logs in at once if a name is given. `authority`: a PEM file, for TLS."""
        self.changed = threading.Condition()
        self.messages = []  # (topic, payload as bytes), all that ever came
        self.seen = 0  # how many of them `expect` has gone past
        self.connected = None  # None: not yet; then True or False
        self.acknowledged = set()
        self.mqtt = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol,
                                reconnect_on_failure=False, transport=transport)
        if authority:
            self.mqtt.tls_set(ca_certs=authority)
        self.mqtt.on_connect = self._on_connect
        self.mqtt.on_disconnect = self._on_disconnect
        self.mqtt.on_message = self._on_message
        self.mqtt.on_publish = self._on_publish
        self.mqtt.connect(host, port, keepalive=30)
        self.mqtt.loop_start()
        self.wait("CONNACK", lambda: self.connected)
        if name:
            result, error = self.call("Login/Handler_Login", userName=name, passWord="demo")
            assert (result, error) == (f"login success {name}", ""), (result, error)

    def _on_connect(self, client, userdata, flags, reason, properties):
        self._set(lambda: setattr(self, "connected", not reason.is_failure))

    def _on_disconnect(self, *details):
        self._set(lambda: setattr(self, "connected", False))

    def _on_message(self, client, userdata, message):
        self._set(lambda: self.messages.append((message.topic, message.payload)))

    def _on_publish(self, client, userdata, number, reason, properties):
        self._set(lambda: self.acknowledged.add(number))

    def _set(self, change):
        with self.changed:
            change()
            self.changed.notify_all()

    def wait(self, what, condition, seconds=SECONDS):
        """Waits until `condition` gives something else than None or False, and returns that."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                value = condition()
                if value not in (None, False):
                    return value
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {what}; connected: {self.connected}, came: {self.messages[-9:]}"
                self.changed.wait(left)

    def close(self):
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def vanish(self):
        """Ends the connection without DISCONNECT."""
        self.mqtt.socket().shutdown(2)
        self.wait("the end of the connection", lambda: self.connected is False)
        self.mqtt.loop_stop()

    def publish(self, topic, payload, qos=0):
        """Publishes and waits until the message is written (QoS 0) or acknowledged (QoS 1 and 2)."""
        number = self.mqtt.publish(topic, payload, qos).mid
        self.wait(f"the acknowledgement of a publish to {topic[:80]}", lambda: number in self.acknowledged)

    def request(self, topic, payload, qos=0):
        """Publishes bytes to a topic and returns the object that comes back on that very topic."""
        before = len(self.messages)
        self.publish(topic, payload, qos)

        def reply():
            return next((payload for came, payload in self.messages[before:] if came == topic), None)

        return json.loads(self.wait(f"a reply on {topic[:80]}", reply))

    def call(self, route, qos=0, **arguments):
        """Calls a function; returns its result and its error text."""
        reply = self.request(f"{route}/{next(numbers)}", json.dumps(arguments), qos)
        assert set(reply) == {"Error", "Result"}, reply
        return reply["Result"], reply["Error"]

    def join(self, room):
        result, error = self.call("Chat/Handler_JoinChat", roomName=room)
        assert (result, error) == ("join success", ""), (result, error)

    def say(self, room, text, qos=0):
        result, error = self.call("Chat/Handler_Say", qos, roomName=room, say=text)
        assert (result, error) == ("say success", ""), (result, error)

    def expect(self, topic, **body):
        """Waits for the next push with this topic and exactly this body, skipping others."""

        def find():
            for index in range(self.seen, len(self.messages)):
                came, payload = self.messages[index]
                if came == topic and json.loads(payload) == body:
                    self.seen = index + 1
                    return True

        self.wait(f"a push on {topic} with {body}", find)

    def pushes(self, topic):
        """The bodies of all pushes on a topic so far."""
        with self.changed:
            return [json.loads(payload) for came, payload in self.messages if came == topic]

    def last_of(self, name, room):
        """The topic of the last push that said that somebody came to a room or left it."""
        with self.changed:
            return [topic for topic, payload in self.messages if topic in ("Chat/OnJoin", "Chat/OnLeave")
                    and json.loads(payload) == {"roomName": room, "userName": name}][-1]
