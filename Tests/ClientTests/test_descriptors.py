"""The system's limit of open files: the server lives within it, whatever clients do."""

import os
import re
import resource
import subprocess
import time
import unittest

from support.deadline import until
from support.packets import connect
from support.raw import Closed, RawTCP, RawWebSocket
from support.server import ROOT, Server

REQUEST = b"GET /mqant/index.html HTTP/1.1\r\nHost: x\r\n\r\n"


def answered(raw, data):
    """Whether the server answers that at all, and does not hang up instead."""
    raw.send(data)
    try:
        return bool(raw.receive(time.monotonic() + 10))
    except Closed:
        return False


class Limit(unittest.TestCase):
    def test_a_limit_that_is_too_low_is_said_at_the_start(self):
        for limit in (12, 20, 40):
            with self.subTest(limit=limit):
                ended = subprocess.run(
                    [os.environ["MQANTSERVER"], "--conf", "conf/server.conf"], cwd=ROOT, capture_output=True, text=True,
                    timeout=30, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
                self.assertEqual(ended.returncode, 1, ended.stderr)
                self.assertRegex(ended.stderr, rf"needs \d+ open files at least, and the system's limit is {limit}:")

    def test_more_clients_than_descriptors(self):
        server = Server(limit=128, gate={"MaxConnNum": 20_000})
        self.addCleanup(server.stop)
        idle = server.descriptors()
        crowd = []
        self.addCleanup(lambda: [raw.close() for raw in crowd])
        for port, number in ((server.tcp, 150), (server.http, 60)):
            crowd += [RawTCP(port) for _ in range(number)]
            # Who came too late is told so, and not left waiting.
            got_in = [answered(raw, connect(str(index)) if port == server.tcp else REQUEST)
                      for index, raw in enumerate(crowd[-number:])]
            self.assertIn(True, got_in)
            self.assertIn(False, got_in)
            self.assertLessEqual(server.descriptors(), 128 - 16, "some are kept for what the server itself opens")
        log = server.log.read_text()
        self.assertEqual(log.count("leaves room for fewer connections than MaxConnNum"), 1, log)
        # What the process itself has open differs a little from one to another.
        share = re.search(r":Gate (\d+) of 20000", log)
        self.assertTrue(share and 25 <= int(share[1]) <= 60, log)
        self.assertLessEqual(log.count("all places are taken"), 4, log)
        for raw in crowd:
            raw.close()
        until("their descriptors are free again", lambda: server.descriptors() <= idle + 1)
        late = RawTCP(server.tcp)
        self.addCleanup(late.close)
        late.logged_in("late")

    def test_none_left_when_a_client_comes(self):
        # Without other modules nothing but the Gate is there to open a file.
        server = Server(without=("Login", "Chat", "Web"), gate={"EventLoops": 1})
        self.addCleanup(server.stop)
        for transport, port in ((RawTCP, server.tcp), (RawWebSocket, server.ws)):
            transport(port).connected().close()
        until("only the two listeners are left", lambda: server.descriptors("socket:") == 2)
        _, hard = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (server.descriptors(), hard))
        raw = RawTCP(server.tcp)
        self.addCleanup(raw.close)
        raw.send(connect())
        until("the log says so", lambda: "accepting pauses" in server.log.read_text())
        began = server.processor_time()
        time.sleep(1)
        self.assertLess(server.processor_time() - began, 0.3, "it does not try again and again")
        log = server.log.read_text()
        self.assertEqual(log.count("accepting pauses"), 1, log)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.assertEqual(raw.read()[2], b"\0\0", "who waited gets in")
