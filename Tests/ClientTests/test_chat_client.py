"""clients/python/mqtt_chat_client.py, as a person or a script uses it, with both versions of paho-mqtt."""

import subprocess
import sys
import unittest

from support.player import Player, numbers
from support.ports import free_port
from support.proxy import Proxy
from support.server import Server
from support.terminal import PAHO_1, Terminal


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


class ChatClient(unittest.TestCase):
    def terminal(self, port, *flags, **options):
        terminal = Terminal(port, *flags, **options)
        self.addCleanup(terminal.close)
        return terminal

    def friend(self, room):
        friend = Player(server.tcp, "friend")
        self.addCleanup(friend.close)
        friend.join(room)
        return friend

    def test_both_versions_of_paho_are_here(self):
        asked = "import importlib.metadata as m; print(m.version('paho-mqtt'))"
        for version, environment in ((1, {"PYTHONPATH": str(PAHO_1)}), (2, {})):
            found = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True)
            self.assertEqual(found.stdout.split(".")[0], str(version), found.stderr)

    def test_piped_input(self):
        for paho in (1, 2):
            for flags in ([], ["--protocol", "3.1"], ["--protocol", "3.1.1"]):
                with self.subTest(paho=paho, flags=flags):
                    room = f"room-{next(numbers)}"
                    friend = self.friend(room)
                    terminal = self.terminal(server.tcp, "--room", room, *flags, paho=paho)
                    for line in ("amy", "too early", "join", "hello there", "join"):
                        terminal.type(line)
                    terminal.end_input()
                    status, output = terminal.wait()
                    self.assertEqual(status, 0, output)
                    lines = output.splitlines()
                    self.assertEqual(lines[:2], ["* login success amy", "! You haven't been in the room yet"])
                    self.assertEqual(lines.count(f"* amy joined {room}"), 1)
                    self.assertEqual(lines.count("* join success"), 1)
                    self.assertEqual(lines.count("amy: hello there"), 1)
                    self.assertEqual(lines[-1], "! Already in this chat room")
                    friend.expect("Chat/OnSay", roomName=room, userName="amy", say="hello there")
                    friend.expect("Chat/OnLeave", roomName=room, userName="amy")

    def test_at_a_terminal(self):
        room = f"room-{next(numbers)}"
        friend = self.friend(room)
        terminal = self.terminal(server.tcp, "--room", room, terminal=True)
        terminal.see("Your name: ")
        terminal.type("amy")
        terminal.see("* login success amy")
        terminal.type("join")
        terminal.see("* join success")
        friend.say(room, "welcome\x1b[2J")
        terminal.see("friend: welcome\N{REPLACEMENT CHARACTER}[2J")
        terminal.type("thank you")
        friend.expect("Chat/OnSay", roomName=room, userName="amy", say="thank you")
        terminal.type("leave")
        friend.expect("Chat/OnLeave", roomName=room, userName="amy")
        terminal.see("* leave success")
        friend.call("Chat/Handler_LeaveChat", roomName=room)
        terminal.interrupt()
        status, output = terminal.wait()
        self.assertEqual(status, 0, output)
        self.assertNotIn("Traceback", output)

    def test_ways_to_end(self):
        for ending in ("quit", "end of input", "interrupt while asked for the name", "nothing at all"):
            with self.subTest(ending):
                terminal = self.terminal(server.tcp, terminal=ending.startswith("interrupt"))
                if ending.startswith("interrupt"):
                    terminal.see("Your name: ")
                    terminal.interrupt()
                elif ending == "nothing at all":
                    terminal.end_input()
                else:
                    terminal.type("amy")
                    terminal.see("* login success amy")
                    if ending == "quit":
                        terminal.type("quit")
                    else:
                        terminal.end_input()
                status, output = terminal.wait()
                self.assertEqual(status, 0, output)
                self.assertNotIn("Traceback", output)

    def test_comes_back_after_a_cut(self):
        for paho in (1, 2):
            with self.subTest(paho=paho):
                room = f"room-{next(numbers)}"
                friend = self.friend(room)
                link = Proxy(server.tcp)
                self.addCleanup(link.close)
                terminal = self.terminal(link.port, "--room", room, "--name", "amy", paho=paho)
                terminal.type("join")
                terminal.see("* join success")
                friend.expect("Chat/OnJoin", roomName=room, userName="amy")
                link.cut()
                terminal.see("* connection lost, trying again")
                friend.expect("Chat/OnLeave", roomName=room, userName="amy")
                link.mend()
                friend.expect("Chat/OnJoin", roomName=room, userName="amy")
                friend.say(room, "there you are")
                terminal.see("friend: there you are")

    def test_no_server(self):
        terminal = self.terminal(free_port(), "--name", "amy")
        status, output = terminal.wait()
        self.assertEqual(status, 1)
        self.assertIn("cannot connect to 127.0.0.1:", output)
        self.assertNotIn("Traceback", output)
