#!/usr/bin/env python3
"""A chat client for mqantserver, in a terminal, over MQTT.

    pip install -r requirements.txt
    python3 mqtt_chat_client.py [--host 127.0.0.1] [--port 3563] [--room abc] [--name NAME] [--protocol 3.1]

It asks for a name and logs in. Then each line of input is one of
    join        enter the room
    leave       leave it
    quit        go (so does the end of the input, or Ctrl-C)
    any text    say it to the room
Joins, leaves, texts and errors are printed as they come. Input may come from a pipe: each line waits for the
answer to the one before. Exit status: 0, or 1 if the server could not be reached or refused the name.
"""

import argparse
import itertools
import json
import sys
import threading

import paho.mqtt.client as mqtt

PROTOCOLS = {"3.1": mqtt.MQTTv31, "3.1.1": mqtt.MQTTv311}
ANSWER_SECONDS = 12.0  # the server's own deadline for a call is 10 s
ECHO_SECONDS = 2.0
PASSWORD = "demo"  # the demo's Login takes any


class Call:
    """A request under way; `error` and `result` are there once `done` is set."""

    def __init__(self):
        self.done = threading.Event()
        self.error = None
        self.result = None

    def finish(self, error, result=None):
        self.error, self.result = error, result
        self.done.set()


class ChatClient:
    """One person's connection: calls with replies, and the room's pushes printed as they come.

    Callbacks (`_on…`) run on paho's thread, everything else on the caller's.
    """

    def __init__(self, protocol, show=print):
        self.show = show
        self.name = None
        self.room = None  # the room to be in, again after a reconnect
        self.connected = threading.Event()
        self.failure = None
        self._closing = False
        self._echoes = threading.Semaphore(0)  # our own joins and texts, as the room hears them
        self._numbers = itertools.count(1)
        self._calls = {}
        self._lock = threading.Lock()
        # paho-mqtt 2 wants to be told which callbacks it meets; ours take what either version passes.
        version = [mqtt.CallbackAPIVersion.VERSION2] if hasattr(mqtt, "CallbackAPIVersion") else []
        self._mqtt = mqtt.Client(*version, protocol=protocol)
        self._mqtt.reconnect_delay_set(min_delay=1, max_delay=8)
        self._mqtt.on_connect = self._on_connect
        self._mqtt.on_disconnect = self._on_disconnect
        self._mqtt.on_message = self._on_message

    def open(self, host, port):
        """Connects; raises OSError or ConnectionError if that is not possible."""
        self._mqtt.connect(host, port, keepalive=45)
        self._mqtt.loop_start()
        if not self.connected.wait(ANSWER_SECONDS):
            raise ConnectionError(self.failure or "the server does not answer")
        if self.failure:
            raise ConnectionError(self.failure)

    def close(self):
        self._closing = True
        self._mqtt.disconnect()
        self._mqtt.loop_stop()

    def call(self, route, **arguments):
        """Calls a function such as `Chat/Handler_Say` and waits. Returns its result and an error text ('' if none)."""
        call = self._send(route, arguments)
        if not call.done.wait(ANSWER_SECONDS):
            return None, "no answer in time"
        return call.result, call.error

    def await_echo(self):
        """Waits, a moment at most, for the room's echo of what we just did: replies and pushes come in either order."""
        self._echoes.acquire(timeout=ECHO_SECONDS)

    def _send(self, route, arguments, call=None):
        # The message id in the topic asks for a reply, which comes on this very topic.
        topic = f"{route}/{next(self._numbers)}"
        call = call or Call()
        with self._lock:
            self._calls[topic] = call
        sent = self._mqtt.publish(topic, json.dumps(arguments), qos=0)
        if sent.rc != mqtt.MQTT_ERR_SUCCESS:
            with self._lock:
                self._calls.pop(topic, None)
            call.finish("not connected")
        return call

    def _on_connect(self, client, userdata, flags, reason, properties=None):
        if reason != 0:
            self.failure = f"refused: {reason if not isinstance(reason, int) else mqtt.connack_string(reason)}"
            self._closing = True
            client.disconnect()
            self.connected.set()
            return
        again = self.connected.is_set()
        self.connected.set()
        if again and self.name:
            self.show("* connected again")
            # In order: the server serves one connection's requests one after the other.
            self._send("Login/Handler_Login", {"userName": self.name, "passWord": PASSWORD}, Reported(self.show))
            if self.room:
                self._send("Chat/Handler_JoinChat", {"roomName": self.room}, Reported(self.show))

    def _on_disconnect(self, client, userdata, *details):
        with self._lock:
            lost, self._calls = self._calls, {}
        for call in lost.values():
            call.finish("connection lost")
        if not self._closing and self.connected.is_set():
            self.show("* connection lost, trying again")

    def _on_message(self, client, userdata, message):
        try:
            body = json.loads(message.payload)
        except ValueError:
            return
        if not isinstance(body, dict):
            return
        with self._lock:
            call = self._calls.pop(message.topic, None)
        if call:
            call.finish(body.get("Error", ""), body.get("Result"))
        else:
            self._push(message.topic, body)

    def _push(self, topic, body):
        """Pushes come on topics nobody subscribed to: that is how this gateway works."""
        who, room = printable(body.get("userName")), printable(body.get("roomName"))
        if topic == "Chat/OnJoin":
            self.show(f"* {who} joined {room}")
        elif topic == "Chat/OnLeave":
            self.show(f"* {who} left {room}")
        elif topic == "Chat/OnSay":
            self.show(f"{who}: {printable(body.get('say'))}")
        elif topic == "Gate/OnKick":
            self.show("* signed out: this name logged in somewhere else")
            self._closing = True
            self._mqtt.disconnect()
        if topic in ("Chat/OnJoin", "Chat/OnSay") and body.get("userName") == self.name:
            self._echoes.release()


class Reported(Call):
    """A call nobody waits for: only its error is shown."""

    def __init__(self, show):
        super().__init__()
        self._show = show

    def finish(self, error, result=None):
        super().finish(error, result)
        if error:
            self._show(f"! {error}")


def printable(value):
    """Other people's text without control characters, which could drive our terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value))


def obey(client, line, room):
    """Does what one line of input asks for, and prints what the server says to it."""
    if line == "join":
        client.room = room
        result, error = client.call("Chat/Handler_JoinChat", roomName=room)
    elif line == "leave":
        client.room = None
        result, error = client.call("Chat/Handler_LeaveChat", roomName=room)
    else:
        result, error = client.call("Chat/Handler_Say", roomName=room, say=line)
    if error:
        client.show(f"! {error}")
        return
    if line != "leave":
        client.await_echo()
    if line in ("join", "leave"):
        client.show(f"* {result}")


def ask_name(interactive):
    """The first line of input; raises EOFError if there is none."""
    line = input("Your name: ") + "\n" if interactive else sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()


def talk(client, options, interactive):
    client.name = options.name or ask_name(interactive)
    result, error = client.call("Login/Handler_Login", userName=client.name, passWord=PASSWORD)
    if error:
        print(f"login refused: {error}", file=sys.stderr)
        return 1
    client.show(f"* {result}")
    if interactive:
        client.show(f"* type join to enter {options.room}; then every line goes to the room")
    for line in sys.stdin:
        line = line.strip()
        if line == "quit":
            break
        if line:
            obey(client, line, options.room)
    return 0


def main():
    parser = argparse.ArgumentParser(description="A chat client for mqantserver, over MQTT.")
    parser.add_argument("--host", default="127.0.0.1", help="where the Gate is (default %(default)s)")
    parser.add_argument("--port", type=int, default=3563, help="its TCP port (default %(default)s)")
    parser.add_argument("--room", default="abc", help="the room to join (default %(default)s)")
    parser.add_argument("--name", help="your name (default: asked for)")
    parser.add_argument("--protocol", choices=sorted(PROTOCOLS), default="3.1", help="of MQTT (default %(default)s)")
    options = parser.parse_args()

    interactive = sys.stdin.isatty()
    client = ChatClient(PROTOCOLS[options.protocol], show=lambda text: print(text, flush=True))
    try:
        client.open(options.host, options.port)
        return talk(client, options, interactive)
    except EOFError:
        return 0
    except KeyboardInterrupt:
        print()
        return 0
    except OSError as error:
        print(f"cannot connect to {options.host}:{options.port}: {error}", file=sys.stderr)
        return 1
    finally:
        client.close()


if __name__ == "__main__":
    sys.exit(main())
