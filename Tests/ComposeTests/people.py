"""Ada and Bob, who talk through the published ports: she with the terminal's client over TCP, he over WebSocket."""

import itertools
import socket

from support.deadline import until
from support.player import Player
from support.terminal import Terminal

ROOM = "compose"


class People:
    """Connected from construction, both in ROOM."""

    def __init__(self, stack):
        self.numbers = itertools.count(1)
        self.ada = Terminal(stack.tcp, "--room", ROOM, "--name", "ada")
        self.bob = None
        try:
            self.ada.see("* login success ada")
            self.bob = Player(stack.ws, "bob", transport="websockets")
            self.bob.join(ROOM)
            self.ada.type("join")
            self.ada.see("* join success")
            self.bob.expect("Chat/OnJoin", roomName=ROOM, userName="ada")
        except BaseException:
            self.close()
            raise

    def talk(self):
        """Each says something that the other hears."""
        number = next(self.numbers)
        self.bob.say(ROOM, f"bob's {number}")
        self.ada.see(f"bob: bob's {number}\n")
        self.ada.type(f"ada's {number}")
        self.bob.expect("Chat/OnSay", roomName=ROOM, userName="ada", say=f"ada's {number}")
        assert "connection lost" not in self.ada.output, self.ada.output

    def enter(self, rooms):
        """Bob joins so many more rooms, and says something in each; returns them."""
        rooms = [f"{ROOM}-{number}" for number in range(rooms)]
        for room in rooms:
            self.bob.join(room)
            self.bob.say(room, "hello")
        return rooms

    def go_on(self, rooms, seconds):
        """Until what Bob says is heard again in every room."""
        number = next(self.numbers)
        for room in rooms:
            until(f"{room} goes on", lambda: not self.bob.call("Chat/Handler_Say", roomName=room, say=str(number))[1], seconds)
            self.bob.expect("Chat/OnSay", roomName=room, userName="bob", say=str(number))

    def close(self):
        if self.bob:
            self.bob.close()
        self.ada.close()


def is_open(port):
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
