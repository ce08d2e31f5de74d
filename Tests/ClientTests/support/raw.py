"""A bare socket to the Gate that can send anything, over TCP or WebSocket (RFC 6455)."""

import base64
import json
import os
import socket
import time

from . import packets
from .server import HOST

SECONDS = 10.0


class Closed(Exception):
    """The server ended the connection."""


class RawTCP:
    """Sends bytes as they are, and takes what comes apart into MQTT packets."""

    def __init__(self, port):
        self.socket = socket.create_connection((HOST, port), SECONDS)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def is_closed(self, seconds=SECONDS):
        """Whether the server ends the connection in that time; what it sends before does not matter."""
        deadline = time.monotonic() + seconds
        try:
            while True:
                self.receive(deadline)
        except Closed:
            return True
        except AssertionError:
            return False

    def send(self, data):
        """Sends all of it, or as much as the server takes before it hangs up."""
        try:
            self.socket.settimeout(SECONDS)
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the next read tells

    def receive(self, deadline):
        """Some more bytes of MQTT; Closed at the end; AssertionError once the deadline is over."""
        left = deadline - time.monotonic()
        try:
            self.socket.settimeout(max(left, 0.001))
            data = self.socket.recv(65536)
        except TimeoutError:
            raise AssertionError("the server neither answers nor ends the connection") from None
        except ConnectionResetError:
            raise Closed from None
        if not data:
            raise Closed
        return data

    def read(self, seconds=SECONDS):
        """The next packet, as its kind, its flags and its body. Closed if the connection ends instead."""
        deadline = time.monotonic() + seconds
        while (found := packets.split(self.buffer)) is None:
            self.buffer += self.receive(deadline)
        *packet, self.buffer = found
        return tuple(packet)

    def packets_until_closed(self, seconds=SECONDS):
        """What still came before the server ended the connection; AssertionError if it does not."""
        deadline = time.monotonic() + seconds
        came = []
        try:
            while True:
                came.append(self.read(deadline - time.monotonic()))
        except Closed:
            return came
        except AssertionError as error:
            raise AssertionError(f"{error}; it sent {came}") from None

    def connected(self, client=""):
        """CONNECT, and a CONNACK that says yes."""
        self.send(packets.connect(client))
        answer = self.read()
        assert answer == (packets.CONNACK, 0, b"\0\0"), answer
        return self

    def reply(self, topic, seconds=SECONDS):
        """The JSON object that comes on this topic, other topics skipped. Closed if the connection ends instead."""
        wanted = packets.string(topic)
        deadline = time.monotonic() + seconds
        while True:
            kind, _, body = self.read(deadline - time.monotonic())
            if kind == packets.PUBLISH and body.startswith(wanted):
                return json.loads(body[len(wanted):])

    def call(self, topic, payload):
        self.send(packets.publish(topic, payload))
        return self.reply(topic)

    def logged_in(self, name):
        self.connected()
        reply = self.call("Login/Handler_Login/0", json.dumps({"userName": name, "passWord": "raw"}))
        assert reply["Error"] == "", reply
        return self


class RawWebSocket(RawTCP):
    """The same inside WebSocket frames: `send` makes one binary frame, `send_frame` any."""

    CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

    def __init__(self, port, protocol="mqtt", path="/"):
        super().__init__(port)
        self.frames = b""
        self.pongs = []
        self.close_code = None
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((
            f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n").encode())
        deadline = time.monotonic() + SECONDS
        while b"\r\n\r\n" not in self.frames:
            self.frames += super().receive(deadline)
        head, self.frames = self.frames.split(b"\r\n\r\n", 1)
        self.status, *headers = head.decode().split("\r\n")
        self.headers = {name.lower(): value.strip() for name, value in (line.split(":", 1) for line in headers)}

    def send(self, data):
        self.send_frame(self.BINARY, data)

    def send_frame(self, kind, data=b"", final=True, masked=True, reserved=0):
        mask = os.urandom(4)
        size = len(data)
        if size < 126:
            head = bytes([size | masked << 7])
        elif size < 65536:
            head = bytes([126 | masked << 7]) + size.to_bytes(2, "big")
        else:
            head = bytes([127 | masked << 7]) + size.to_bytes(8, "big")
        if masked:
            repeated = (mask * (size // 4 + 1))[:size]
            data = mask + (int.from_bytes(data, "big") ^ int.from_bytes(repeated, "big")).to_bytes(size, "big")
        super().send(bytes([final << 7 | reserved << 4 | kind]) + head + data)

    def receive(self, deadline):
        while True:
            while (frame := self._frame()) is None:
                self.frames += super().receive(deadline)
            kind, data = frame
            if kind in (self.BINARY, self.CONTINUATION):
                return data
            if kind == self.PONG:
                self.pongs.append(data)
                return b""
            if kind == self.CLOSE:
                self.close_code = int.from_bytes(data[:2], "big") if data else None
                raise Closed
            raise AssertionError(f"a frame of kind {kind} from the server")

    def _frame(self):
        data = self.frames
        if len(data) < 2:
            return None
        size, start = data[1], 2
        assert size < 128, "frames from a server are not masked (RFC 6455 §5.1)"
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(data) < start:
                return None
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start + size:
            return None
        self.frames = data[start + size:]
        return data[0] & 15, data[start:start + size]
