"""Two players who chat on while somebody else misbehaves."""

import itertools

from .player import Player


class Bystanders:
    """Ada and Bob in a room of their own."""

    def __init__(self, port, room):
        self.room = room
        self.numbers = itertools.count(1)
        self.ada, self.bob = Player(port, "ada"), Player(port, "bob")
        self.ada.join(room)
        self.bob.join(room)

    def check(self):
        """One says something, the other hears it, and neither has lost its connection."""
        text = f"number {next(self.numbers)}"
        self.ada.say(self.room, text)
        self.bob.expect("Chat/OnSay", roomName=self.room, userName="ada", say=text)
        assert self.ada.connected and self.bob.connected

    def heard(self):
        """All that Bob has heard since the beginning."""
        return [push["say"] for push in self.bob.pushes("Chat/OnSay")]

    def close(self):
        self.ada.close()
        self.bob.close()
