"""MQTT over TLS, on the TCP and the WebSocket port."""

import pathlib
import socket
import ssl
import subprocess
import tempfile
import unittest

from support.player import Player
from support.server import HOST, Server


def setUpModule():
    global server, certificate
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

    def test_plain_bytes_end_the_connection_and_nothing_else(self):
        ada = Player(server.tcp, "eve", authority=certificate)
        self.addCleanup(ada.close)
        with socket.create_connection((HOST, server.tcp), 10) as plain:
            plain.sendall(b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05ada-1")
            while plain.recv(1000):
                pass
        ada.join("tls")
