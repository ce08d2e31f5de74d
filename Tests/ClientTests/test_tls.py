"""MQTT over TLS, on the TCP and the WebSocket port."""

import pathlib
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from support.deadline import until
from support.player import Player
from support.raw import RawTCP
from support.server import HOST, Server


def setUpModule():
    global server, certificate, key
    folder = tempfile.TemporaryDirectory(prefix="client-tests-tls-")
    unittest.addModuleCleanup(folder.cleanup)
    certificate, key = (str(pathlib.Path(folder.name) / name) for name in ("certificate.pem", "key.pem"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
                    "-addext", f"subjectAltName=IP:{HOST}"], check=True, capture_output=True)
    server = Server(gate={"Tls": True, "CertFile": certificate, "KeyFile": key})
    unittest.addModuleCleanup(server.stop)


class TLS(unittest.TestCase):
    def test_both_ports_talk(self):
        ada = Player(server.tcp, "ada", authority=certificate)
        self.addCleanup(ada.close)
        bob = Player(server.ws, "bob", transport="websockets", authority=certificate)
        self.addCleanup(bob.close)
        ada.join("tls")
        bob.join("tls")
        ada.say("tls", "hello")
        bob.expect("Chat/OnSay", roomName="tls", userName="ada", say="hello")

    def test_a_stranger_is_not_trusted(self):
        with self.assertRaises(ssl.SSLError):
            context = ssl.create_default_context()
            with socket.create_connection((HOST, server.tcp), 10) as plain:
                context.wrap_socket(plain, server_hostname=HOST)

    def test_a_place_is_free_when_its_socket_is_closed(self):
        # Servers say goodbye and wait for the other's, 5 s long (NIOSSL); these clients are silent meanwhile.
        few = Server(connect_deadline=0.5, gate={"Tls": True, "CertFile": certificate, "KeyFile": key, "MaxConnNum": 3})
        self.addCleanup(few.stop)
        context = ssl.create_default_context(cafile=certificate)

        def come():
            """A connection that has got in; None if the server hangs up instead."""
            plain = socket.create_connection((HOST, few.tcp), 10)
            self.addCleanup(plain.close)
            try:
                return context.wrap_socket(plain, server_hostname=HOST)
            except OSError:
                plain.close()
                return None

        until("the connections of the start are over", lambda: (first := come()) and (first.close() or True))
        idle = few.descriptors()
        begun = [until("there is a place", come) for _ in range(3)]
        for client in begun:
            self.addCleanup(client.close)
            # No CONNECT comes: in half a second the server wants to close.
        until("their time is over", lambda: all(self.was_closed(client) for client in begun))
        self.assertIsNone(come(), "their sockets are open, so there is no place")
        self.assertLessEqual(few.descriptors(), idle + 3 + 4)

    def test_time_for_the_handshake(self):
        hasty = Server(connect_deadline=0.5, gate={"Tls": True, "CertFile": certificate, "KeyFile": key})
        self.addCleanup(hasty.stop)
        context = ssl.create_default_context(cafile=certificate)
        hello = ssl.MemoryBIO()
        with self.assertRaises(ssl.SSLWantReadError):
            context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname=HOST).do_handshake()
        hello = hello.read()
        slow = []
        for port in (hasty.tcp, hasty.ws):
            for first in (b"", hello[:1], hello[:-20], hello):
                raw = RawTCP(port)
                self.addCleanup(raw.close)
                raw.send(first)
                slow.append((raw, iter(hello[len(first):])))
        began = time.monotonic()
        while slow := [(raw, rest) for raw, rest in slow if not raw.is_closed(0.01)]:
            self.assertLess(time.monotonic() - began, 5, f"{len(slow)} of them go on")
            time.sleep(0.05)
            for raw, rest in slow:
                raw.send(bytes([next(rest, 0)]))

    @staticmethod
    def was_closed(client):
        """Whether the server has said goodbye; it is not answered."""
        client.settimeout(0.05)
        try:
            return client.recv(1) == b""
        except TimeoutError:
            return False

    def test_plain_bytes_end_the_connection_and_nothing_else(self):
        ada = Player(server.tcp, "eve", authority=certificate)
        self.addCleanup(ada.close)
        with socket.create_connection((HOST, server.tcp), 10) as plain:
            plain.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05ada-1")
            while plain.recv(1000):
                pass
        ada.join("tls")
