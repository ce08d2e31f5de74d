"""A Gate whose answers a test decides: as much of MQTT over WebSocket as the page speaks, and no module behind it."""

import base64
import hashlib
import json
import socket
import threading

from . import packets
from .server import HOST

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


class Refusal(Exception):
    """An answer's error text."""


def refuse(text):
    """A function of the server that answers with this error."""
    def answer(body):
        raise Refusal(text)
    return answer


class ScriptedGate:
    """Serves from construction until `close`. `answers`: for each route a function from the payload to the result."""

    def __init__(self):
        self.answers = {
            "Login/Handler_Login": lambda body: f"login success {body['userName']}",
            "Chat/Handler_JoinChat": lambda body: "join success",
            "Chat/Handler_Say": lambda body: "say success",
            "Chat/Handler_LeaveChat": lambda body: "leave success",
            "Chat/Handler_Members": lambda body: [],
        }
        self.connack = 0  # MQTT 3.1.1 §3.2.2.3
        self.calls = []  # (route, payload)
        self.lock = threading.Lock()
        self.sockets = set()
        self.threads = []
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.accepter = threading.Thread(target=self._accept)
        self.accepter.start()

    def said(self, route):
        """The payloads of all calls of a function so far."""
        return [payload for called, payload in self.calls if called == route]

    def push(self, topic, body):
        """Sends a push to every connection."""
        self.send(packets.publish(topic, json.dumps(body)))

    def send(self, data):
        """Sends bytes of MQTT to every connection."""
        with self.lock:
            for one in self.sockets:
                one.sendall(frame(data))

    def hang_up(self):
        """Ends all connections; new ones are welcome."""
        with self.lock:
            for one in self.sockets:
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.accepter.join()
        self.hang_up()
        for thread in self.threads:
            thread.join()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return  # closed
            thread = threading.Thread(target=self._serve, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        try:
            with connection, connection.makefile("rb") as stream:
                if not handshake(connection, stream):
                    return
                with self.lock:
                    self.sockets.add(connection)
                try:
                    received = b""
                    while (data := read_frame(stream)) is not None:
                        received += data
                        while (packet := packets.split(received)) is not None:
                            kind, flags, body, received = packet
                            answer = self._answer(kind, body)
                            with self.lock:
                                connection.sendall(frame(answer))
                finally:
                    with self.lock:
                        self.sockets.discard(connection)
        except OSError:
            pass  # the page has gone

    def _answer(self, kind, body):
        if kind == packets.CONNECT:
            return packets.packet(packets.CONNACK, bytes([0, self.connack]))
        if kind == packets.PINGREQ:
            return packets.packet(packets.PINGRESP)
        if kind != packets.PUBLISH:
            return b""
        end = 2 + int.from_bytes(body[:2], "big")
        topic, payload = body[2:end].decode(), json.loads(body[end:])
        route = topic.rsplit("/", 1)[0]
        self.calls.append((route, payload))
        try:
            reply = {"Error": "", "Result": self.answers[route](payload)}
        except Refusal as refusal:
            reply = {"Error": str(refusal), "Result": None}
        return packets.publish(topic, json.dumps(reply))


def handshake(connection, stream):
    """RFC 6455 §4.2; False if the browser has hung up."""
    headers = {}
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    if b"sec-websocket-key" not in headers:
        return False
    accepted = base64.b64encode(hashlib.sha1(headers[b"sec-websocket-key"] + GUID).digest())
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accepted + b"\r\n\r\n")
    return True


def frame(data):
    """One binary frame, §5.2; nothing for no data."""
    if not data:
        return b""
    if len(data) < 126:
        return b"\x82" + bytes([len(data)]) + data
    if len(data) < 65536:
        return b"\x82\x7e" + len(data).to_bytes(2, "big") + data
    return b"\x82\x7f" + len(data).to_bytes(8, "big") + data


def read_frame(stream):
    """The payload of the browser's next frame; None at the end."""
    head = stream.read(2)
    if len(head) < 2 or head[0] & 15 == 8:
        return None
    size = head[1] & 127
    if size > 125:
        size = int.from_bytes(stream.read(2 if size == 126 else 8), "big")
    mask = stream.read(4)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(stream.read(size)))
