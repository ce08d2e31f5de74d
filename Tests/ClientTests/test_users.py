"""Who is in a room, and one session for each user."""

import unittest

from support.player import Player, numbers
from support.server import Server
from support.terminal import Terminal


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


class Users(unittest.TestCase):
    def player(self, name=None, room=None, at=None):
        player = Player((at or server).tcp, name)
        self.addCleanup(player.close)
        if room:
            player.join(room)
        return player

    def members(self, player, room):
        return player.call("Chat/Handler_Members", roomName=room)

    def test_members(self):
        room = f"room-{next(numbers)}"
        ada = self.player("ada")
        self.assertEqual(self.members(ada, room), (None, "No room"))
        self.assertEqual(self.members(ada, ""), (None, "roomName cannot be nil"))
        ada.join(room)
        self.assertEqual(self.members(ada, room), (["ada"], ""))
        bob = self.player("bob", room)
        self.assertEqual(self.members(ada, room), (["ada", "bob"], ""))
        carl = self.player("carl")
        self.assertEqual(self.members(carl, room), (None, "You haven't been in the room yet"))
        bob.call("Chat/Handler_LeaveChat", roomName=room)
        ada.expect("Chat/OnLeave", roomName=room, userName="bob")
        self.assertEqual(self.members(ada, room), (["ada"], ""))
        carl.join(room)
        carl.vanish()
        ada.expect("Chat/OnLeave", roomName=room, userName="carl")
        self.assertEqual(self.members(ada, room), (["ada"], ""))

    def test_a_second_login_ends_the_first(self):
        room = f"room-{next(numbers)}"
        older, friend = self.player("dora", room), self.player("friend", room)
        newer = self.player("dora", room)
        older.expect("Gate/OnKick", reason="the user logged in elsewhere")
        older.wait("the end of the connection", lambda: older.connected is False)
        newer.say(room, "it is me")
        friend.expect("Chat/OnSay", roomName=room, userName="dora", say="it is me")
        # The room heard her leave with the first session, or not at all; never after she had come with the second.
        self.assertEqual(friend.last_of("dora", room), "Chat/OnJoin")
        self.assertEqual(self.members(friend, room), (["dora", "friend"], ""))

    def test_one_e_is_one_name_however_it_was_typed(self):
        composed, apart = "caf\u00e9", "cafe\u0301"
        room = f"-{next(numbers)}"
        older, ada = self.player(composed, composed + room), self.player("ada-e")
        ada.join(apart + room)
        older.expect("Chat/OnJoin", roomName=composed + room, userName="ada-e")
        self.assertEqual(self.members(ada, apart + room), (["ada-e", composed], ""))
        ada.say(apart + room, "hi")
        older.expect("Chat/OnSay", roomName=composed + room, userName="ada-e", say="hi")
        newer = self.player()
        self.assertEqual(newer.call("Login/Handler_Login", userName=apart, passWord="x"),
                         (f"login success {composed}", ""))
        older.expect("Gate/OnKick", reason="the user logged in elsewhere")

    def test_a_stranger_takes_nobodys_room(self):
        """U+212A, the Kelvin sign, is composed to a K: one room, and one that works."""
        stranger, ada, bob = self.player("stranger", "\u212aitchen"), self.player("ada-k"), self.player("bob-k")
        for player in (ada, bob):
            player.join("Kitchen")
        stranger.close()
        ada.say("Kitchen", "soup")
        bob.expect("Chat/OnSay", roomName="Kitchen", userName="ada-k", say="soup")

    def test_the_terminal_client_says_so(self):
        terminal = Terminal(server.tcp, "--name", "erin")
        self.addCleanup(terminal.close)
        terminal.see("login success erin")
        self.player("erin")
        terminal.see("this name logged in somewhere else")

    def test_refuse(self):
        strict = Server(gate={"DuplicateLogin": "refuse"})
        self.addCleanup(strict.stop)
        older, newer = self.player("fred", at=strict), self.player(None, at=strict)
        login = ("Login/Handler_Login", {"userName": "fred", "passWord": "x"})
        self.assertEqual(newer.call(login[0], **login[1]), (None, "fred is logged in elsewhere"))
        older.join("room")
        older.vanish()
        # The server may not have seen its end yet.
        newer.wait("a login", lambda: newer.call(login[0], **login[1])[1] == "")

    def test_allow(self):
        open_to_all = Server(gate={"DuplicateLogin": "allow"})
        self.addCleanup(open_to_all.stop)
        players = [self.player("gina", "room", at=open_to_all) for _ in range(2)]
        for player in players:
            player.say("room", "hello")
            self.assertEqual(self.members(player, "room"), (["gina"], ""))
