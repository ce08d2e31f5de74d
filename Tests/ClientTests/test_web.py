"""The Web module: the page's files, and nothing else of this machine."""

import http.client
import socket
import unittest

from support.badinput import BadInputCase
from support.raw import RawTCP
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
                           ("chat/session.js", "text/javascript"), ("vendor/mqtt.js", "text/javascript"),
                           ("favicon.svg", "image/svg+xml")):
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
