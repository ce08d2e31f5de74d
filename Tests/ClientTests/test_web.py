"""The Web module: the page's files, and nothing else of this machine."""

import http.client
import pathlib
import socket
import tempfile
import time
import unittest

from support.badinput import BadInputCase
from support.deadline import until
from support.raw import Closed, RawTCP
from support.server import HOST, ROOT, Server

PAGE = ROOT / "clients/web"


def setUpModule():
    BadInputCase.server = Server(connect_deadline=2)
    unittest.addModuleCleanup(BadInputCase.server.stop)


class Web(BadInputCase):
    def ask(self, path, method="GET", **headers):
        """The status, the headers and the body."""
        connection = http.client.HTTPConnection(HOST, self.server.http, timeout=10)
        self.addCleanup(connection.close)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in ({"Host": "x"} | headers).items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def test_the_files_of_the_page(self):
        for path, kind in (("index.html", "text/html"), ("style.css", "text/css"), ("chat.js", "text/javascript"),
                           ("vendor/mqtt.js", "text/javascript"), ("favicon.svg", "image/svg+xml"),
                           *((f"chat/{file.name}", "text/javascript") for file in (PAGE / "chat").iterdir())):
            with self.subTest(path):
                status, headers, body = self.ask(f"/mqant/{path}?x=1")
                self.assertEqual((status, headers.get_content_type()), (200, kind))
                self.assertEqual(body, (PAGE / path).read_bytes())
                status, headers, body = self.ask(f"/mqant/{path}", "HEAD")
                self.assertEqual((status, body), (200, b""))
                self.assertEqual(int(headers["Content-Length"]), (PAGE / path).stat().st_size)

    def test_nothing_else(self):
        for path in ("/", "/mqant", "/mqant/nope", "/mqant/chat", "/index.html", "/mqant/..", "/mqant/../README.md",
                     "/mqant/../../scripts/bundle-web", "/mqant/%2e%2e/%2e%2e/scripts/bundle-web",
                     "/mqant/..%2f..%2fscripts%2fbundle-web", "/mqant//etc/passwd", "/mqant/%2fetc%2fpasswd",
                     "/mqant/" + "../" * 20 + "etc/passwd", "/mqant/index.html%00.css", "/mqant/%", "/mqant/%zz",
                     "/mqant/%ff%fe", "/mqant/index.html/", "/mqantindex.html", "/mqant/" + "a" * 5000,
                     "http://evil.example/mqant/../x", "*"):
            with self.subTest(path=path[:60]):
                status, headers, body = self.ask(path)
                if status in (301, 302, 307, 308):
                    self.assertTrue(headers["Location"].startswith("/mqant/"), headers["Location"])
                else:
                    self.assertIn(status, (400, 404))
                self.assertNotIn(b"root:", body)
                self.assertNotIn(b"#!/bin/sh", body)

    def test_other_methods(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "BREW"):
            with self.subTest(method):
                status, headers, _ = self.ask("/mqant/index.html", method, **{"Content-Length": "0"})
                self.assertIn(status, (400, 404, 405, 501))

    def test_not_http(self):
        for data in (b"\0\1\2\3\r\n\r\n", b"GET\r\n\r\n", b"hello\r\n\r\n", b"GET /mqant/ HTTP/9.9\r\n\r\n",
                     b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 300_000 + b"\r\n\r\n"):
            with self.subTest(data=data[:30]):
                raw = RawTCP(self.server.http)
                self.addCleanup(raw.close)
                raw.send(data)
                raw.socket.shutdown(socket.SHUT_WR)
                raw.socket.settimeout(10)
                answer = b""
                try:
                    while more := raw.socket.recv(65536):
                        answer += more
                except ConnectionResetError:
                    pass
                self.assertRegex(answer, rb"\A(HTTP/1\.[01] (4\d\d|505) |\Z)")

    def test_several_requests_on_one_connection(self):
        connection = http.client.HTTPConnection(HOST, self.server.http, timeout=10)
        self.addCleanup(connection.close)
        for path, status in (("/mqant/index.html", 200), ("/mqant/nope", 404), ("/mqant/style.css", 200)):
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            self.assertEqual(answer.status, status)


class WebBounds(unittest.TestCase):
    """What one client may take of a Web, and for how long."""

    REQUEST = b"GET /mqant/index.html HTTP/1.1\r\nHost: x\r\n\r\n"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="client-tests-web-")
        cls.addClassCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        (root / "index.html").write_text("<!doctype html>")
        with (root / "large.bin").open("wb") as large:
            large.truncate(50_000_000)
        cls.server = Server(without=("Gate", "Login", "Chat"), web={
            "Root": folder.name, "MaxConnNum": 5, "HTTPTimeout": 0.7, "WriteTimeout": 0.7})
        cls.addClassCleanup(cls.server.stop)

    def connection(self):
        raw = RawTCP(self.server.http)
        self.addCleanup(raw.close)
        return raw

    def admitted(self):
        """A connection that has a place, which is free once the server knows of the end of former ones."""
        def attempt():
            raw = self.connection()
            raw.send(self.REQUEST)
            try:
                self.answers(raw, 1)
                return raw
            except Closed:
                return None
        return until("there is a place", attempt)

    def answers(self, raw, number):
        """Waits for all of them."""
        came = b""
        while came.count(b"<!doctype html>") < number:
            came += raw.receive(time.monotonic() + 10)
        self.assertEqual(came.count(b"200 OK"), number)

    def assert_cut_off(self, chunks, every=0.1, at_least=0.0):
        raw = self.connection()
        began = time.monotonic()
        for chunk in chunks:
            raw.send(chunk)
            if raw.is_closed(every):
                break
        self.assertTrue(raw.is_closed(0.01), "it goes on")
        self.assertGreaterEqual(time.monotonic() - began, at_least)
        self.assertLess(time.monotonic() - began, 5)

    def test_connections(self):
        five = [self.admitted() for _ in range(5)]
        self.assertTrue(self.connection().is_closed(), "the sixth is closed, not left waiting")
        five.pop().close()
        self.admitted()

    def test_time_for_a_request(self):
        many = [b"x"] * 40
        self.assert_cut_off([b""], 3, at_least=0.6)
        self.assert_cut_off([b"GET / HTTP/1.1\r\nHost: ", *many], at_least=0.6)
        self.assert_cut_off([b"POST /mqant/index.html HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n", *many],
                            at_least=0.6)
        self.assert_cut_off([self.REQUEST, b""], 3, at_least=0.6)

    def test_each_request_has_its_time(self):
        raw = self.admitted()
        for _ in range(6):
            time.sleep(0.3)
            raw.send(self.REQUEST)
            self.answers(raw, 1)

    def test_size_of_a_request(self):
        head = b"POST /mqant/index.html HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
        self.assert_cut_off([head + b"x" * 200_000], 0.5)
        self.assert_cut_off([b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 9000], 0.5)
        self.assert_cut_off([b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 200], 0.5)
        self.assert_cut_off([b"GET /" + b"a" * 9000], 0.5)

    def test_requests_that_wait_for_their_answers(self):
        raw = self.admitted()
        raw.send(b"".join([self.REQUEST] * 5))
        self.answers(raw, 5)
        # Nobody reads the first answer, which is too large to leave.
        self.assert_cut_off([self.REQUEST.replace(b"index.html", b"large.bin"), b"GET / HTTP/1.1\r\n\r\n" * 1000], 0.001)

    def test_a_client_that_does_not_read(self):
        raw = self.admitted()
        raw.send(self.REQUEST.replace(b"index.html", b"large.bin"))
        until("it is sent", lambda: self.server.descriptors("large.bin") == 1)
        until("it is cut off, and its file closed", lambda: self.server.descriptors("large.bin") == 0, 5)

    def test_a_client_that_reads_slowly_gets_all(self):
        raw = self.admitted()
        raw.send(self.REQUEST.replace(b"index.html", b"large.bin"))
        came = 0
        while came < 50_000_000:
            came += len(raw.receive(time.monotonic() + 10))
            if came < 5_000_000:
                time.sleep(0.02)
