"""mqantload against the real server, as people run it."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import unittest

from support.ports import free_port
from support.server import HOST, Server

PROGRAM = pathlib.Path(os.environ["MQANTSERVER"]).with_name("mqantload")
LOGIN = ["--topic", "Login/Handler_Login", "--payload", '{"userName":"{user}-{n}","passWord":"{random:1-9}"}']
SCRIPT = """
connect
request Login/Handler_Login {"userName":"{user}","passWord":"x"}
request Chat/Handler_JoinChat {"roomName":"{room}"}
repeat 3
  publish Chat/Handler_Say {"roomName":"{room}","say":"{user} says {random:1-9}"}
  wait Chat/OnSay {user} says
  pause 0.01-0.02
end
request Chat/Handler_LeaveChat {"roomName":"{room}"}
disconnect
connect
request Login/Handler_Login {"userName":"{user}","passWord":"x"}
"""


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


def load(kind, *arguments, port=None, ws=False, status=0):
    """Runs the generator; returns its figures and what it complains of."""
    address = f"{HOST}:{port or (server.ws if ws else server.tcp)}"
    ran = subprocess.run([PROGRAM, kind, "--json", "--address", address, *(["--ws"] if ws else []),
                          # A machine that does much besides lets answers wait for long.
                          *([] if "--timeout" in arguments else ["--timeout", "60"]), *arguments],
                         capture_output=True, text=True, timeout=240)
    assert ran.returncode == status, (ran.returncode, ran.stdout, ran.stderr)
    return json.loads(ran.stdout) if ran.stdout else {}, ran.stderr


def short(connections, processes=1):
    return ["--connections", str(connections), "--processes", str(processes), "--duration", "0.3", "--warm-up", "0.1"]


class Load(unittest.TestCase):
    def test_closed_loops_over_both_transports(self):
        for ws in (False, True):
            for processes in (1, 3):
                for qos in ("0", "1"):
                    with self.subTest(ws=ws, processes=processes, qos=qos):
                        figures, complaint = load("calls", *short(7, processes), *LOGIN, "--outstanding", "4", "--qos", qos,
                                                  "--user-prefix", f"c{ws}{processes}{qos}-", ws=ws)
                        self.assertEqual(complaint, "")
                        self.assertEqual(figures["connections"], 7)
                        self.assertGreater(figures["calls"], 0)
                        self.assertLessEqual(figures["p50_us"], figures["p99_us"])
                        self.assertEqual([figures[name] for name in ("wrong", "unanswered", "closed", "failed")], [0] * 4)

    def test_an_open_loop_sends_what_its_rate_says(self):
        figures, _ = load("calls", *short(5, 2), *LOGIN, "--rate", "100", "--duration", "1", "--user-prefix", "r-")
        self.assertEqual((figures["calls"], figures["unsent"]), (100, 0))

    def test_each_member_hears_each_say(self):
        for ws in (False, True):
            with self.subTest(ws=ws):
                figures, complaint = load("rooms", *short(12, 3), "--rooms", "2", "--speakers", "4", "--outstanding", "2",
                                          "--user-prefix", f"m{ws}-", "--room-prefix", f"room-{ws}-", ws=ws)
                self.assertEqual((complaint, figures["lost"], figures["closed"]), ("", 0, 0))
                self.assertGreater(figures["says_per_s"], 0)
                self.assertGreater(figures["deliveries"], 0)

    def test_idle_connections_are_held_and_weighed(self):
        figures, _ = load("idle", *short(50), "--join", "--user-prefix", "i-", "--watch", str(server.process.pid))
        self.assertEqual((figures["open"], figures["closed"]), (50, 0))
        self.assertGreater(figures["server"][0]["rss_kib"], 0)
        self.assertIn("bytes_per_connection", figures)

    def test_a_script_is_done_by_each_client(self):
        with tempfile.NamedTemporaryFile("w", suffix=".steps") as file:
            file.write(SCRIPT)
            file.flush()
            for ws in (False, True):
                with self.subTest(ws=ws):
                    figures, complaint = load("script", "-n", "6", "--processes", "2", "--rooms", "2", "--duration", "60",
                                              "--user-prefix", f"s{ws}-", "--room-prefix", f"s{ws}-", file.name, ws=ws)
                    self.assertEqual((complaint, figures["done"]), ("", 6))
                    steps = {row["name"]: row["count"] for row in figures["step"]}
                    self.assertEqual(steps["7 wait Chat/OnSay"], 18)
                    self.assertEqual(steps["13 request Login/Handler_Login"], 6)

    def test_a_wrong_answer_is_an_error(self):
        figures, complaint = load("calls", *short(1), "--no-login", "--topic", "Chat/Handler_Say", "--payload", "{}", status=1)
        self.assertGreater(figures["wrong"], 0)
        self.assertIn("Not Logined", complaint)
        figures, complaint = load("calls", *short(1), "--no-login", "--topic", "Chat/Handler_Say", "--ok", "Not Logined")
        self.assertEqual((figures["wrong"], complaint), (0, ""))

    def test_a_script_that_waits_in_vain_ends(self):
        with tempfile.NamedTemporaryFile("w", suffix=".steps") as file:
            file.write("connect\nwait Chat/OnNothing\n")
            file.flush()
            figures, complaint = load("script", "--timeout", "0.2", file.name, status=1)
        self.assertEqual((figures["unanswered"], figures["done"]), (1, 0))
        self.assertIn("wait Chat/OnNothing", complaint)

    def test_no_server_is_an_error(self):
        figures, complaint = load("idle", *short(3), port=free_port(), status=1)
        self.assertEqual((figures["connections"], figures["failed"]), (0, 3))
        self.assertIn("Connection refused", complaint)

    def test_a_server_that_answers_nobody_is_given_up(self):
        with socket.create_server((HOST, 0), backlog=1000) as silent:
            figures, complaint = load("idle", *short(1000), "--timeout", "0.2", port=silent.getsockname()[1], status=1)
            silent.setblocking(False)
            came = 0
            with contextlib.suppress(BlockingIOError):
                while True:
                    silent.accept()[0].close()
                    came += 1
        self.assertEqual((figures["connections"], figures["failed"]), (0, 1000))
        self.assertLess(came, 300, "it went on although nobody answered")
        self.assertIn("no answer in time: connecting", complaint)

    def test_a_login_that_is_refused_is_an_error(self):
        figures, complaint = load("idle", *short(3), "--login-payload", "{}", status=1)
        self.assertEqual(figures["failed"], 3)
        self.assertIn("userName", complaint)

    def test_a_wrong_command_line_has_a_status_of_its_own(self):
        ran = subprocess.run([PROGRAM, "calls", "--topic", "a/b", "--connections", "0"], capture_output=True, text=True, timeout=30)
        self.assertEqual((ran.returncode, ran.stdout), (64, ""))
        self.assertIn("--connections is 1 to", ran.stderr)
