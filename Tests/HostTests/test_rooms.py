"""Who is in a room, across Gates and Chats that come and go, and one session for each user."""

import collections
import itertools
import signal
import threading
import time

from cluster.case import ClusterCase, World
from cluster.cluster import TCP
from cluster.tap import Tap
from support.deadline import until
from support.player import Player

KILLED, SILENT = 3, 20  # seconds until a room hears of the members of a Gate that is gone
rooms = (f"room-{number}" for number in itertools.count(1))


def setUpModule():
    World.set_up()


class RoomCase(ClusterCase):
    def friends(self, cluster, count=6):
        """Players at Gate 0, each in a room of its own; with several Chats the rooms have several owners."""
        friends = {}
        for name in (f"friend-{number}" for number in range(count)):
            room = next(rooms)
            friends[room] = cluster.player(name)
            friends[room].join(room)
        return friends

    def guests(self, cluster, friends, gate=1):
        """A player at another Gate in each of these rooms, whose friends have seen them come."""
        guests = {}
        for room, friend in friends.items():
            guests[room] = cluster.player(f"guest-{room}", gate)
            guests[room].join(room)
            friend.expect("Chat/OnJoin", roomName=room, userName=f"guest-{room}")
        return guests

    def members(self, player, room):
        result, error = player.call("Chat/Handler_Members", roomName=room)
        self.assertEqual(error, "")
        return result

    def everybody_hears(self, topic, friends, since, bound, what):
        for room, friend in friends.items():
            friend.wait(f"{topic} of guest-{room}", lambda: self.events(friend, room)[-1:] == [topic], bound + 10)
        self.within(time.monotonic() - since, bound, what)

    def events(self, friend, room):
        """What a friend heard of the guest's coming and going."""
        return [topic for topic, payload in friend.messages if topic in ("Chat/OnJoin", "Chat/OnLeave")
                and f"guest-{room}".encode() in payload]


class Members(RoomCase):
    def test_across_gates_and_chats(self):
        cluster = self.cluster().start_all(gates=2, chats=3)
        friends = self.friends(cluster)
        self.guests(cluster, friends)
        for room, friend in friends.items():
            self.assertEqual(self.members(friend, room), sorted([f"guest-{room}", self.name(friend)]))

        # Who owned a room is gone, and its heir knows; a new one asks the Gates.
        killed = cluster.node("Chat", 1).kill()
        cluster.node("Gate", 0).when("instance is gone", killed)
        for room, friend in friends.items():
            self.assertEqual(len(self.members(friend, room)), 2)
        started = cluster.start("Chat", 3).began
        cluster.node("Gate", 0).when("instance is live", started)
        for room, friend in friends.items():
            self.assertEqual(len(self.members(friend, room)), 2)
            self.assertEqual(friend.call("Chat/Handler_LeaveChat", roomName=room), ("leave success", ""))

    def name(self, player):
        return next(name for name in (f"friend-{n}" for n in range(20))
                    if any(f'"{name}"'.encode() in payload for topic, payload in player.messages if topic == "Chat/OnJoin"))


class GateGone(RoomCase):
    def setUp(self):
        self.all = self.cluster().start_all(gates=2, chats=2)
        self.friends_of = self.friends(self.all)
        self.guests_of = self.guests(self.all, self.friends_of)

    def heard_once(self, *expected):
        for room, friend in self.friends_of.items():
            self.assertEqual(self.events(friend, room), ["Chat/OnJoin", *expected], room)

    def test_killed(self):
        killed = self.all.node("Gate", 1).kill()
        self.everybody_hears("Chat/OnLeave", self.friends_of, killed, KILLED, "until all rooms heard of a killed Gate")
        self.heard_once("Chat/OnLeave")
        for room, friend in self.friends_of.items():
            self.assertEqual(len(self.members(friend, room)), 1)

    def test_killed_together_with_a_chat(self):
        """Whoever owned some of the rooms goes with the Gate: the heirs tell."""
        self.all.node("Chat", 1).signal(signal.SIGKILL)
        killed = self.all.node("Gate", 1).kill()
        self.everybody_hears("Chat/OnLeave", self.friends_of, killed, KILLED, "until the heirs told of a killed Gate")
        self.heard_once("Chat/OnLeave")

    def test_killed_and_started_under_its_id(self):
        killed = self.all.node("Gate", 1).kill()
        self.all.start("Gate", 1)
        self.everybody_hears("Chat/OnLeave", self.friends_of, killed, KILLED, "until all rooms heard of the Gate before")
        self.heard_once("Chat/OnLeave")

    def test_ended_in_order(self):
        ended = self.all.node("Gate", 1).signal(signal.SIGTERM)
        self.everybody_hears("Chat/OnLeave", self.friends_of, ended, KILLED + 2, "until all rooms heard of a Gate's end")
        self.heard_once("Chat/OnLeave")

    def test_stopped_for_long_and_continued(self):
        stopped = self.all.node("Gate", 1).signal(signal.SIGSTOP)
        try:
            self.everybody_hears("Chat/OnLeave", self.friends_of, stopped, SILENT, "until all rooms heard of a silent Gate")
        finally:
            continued = self.all.node("Gate", 1).signal(signal.SIGCONT)
        # Its clients are still connected: they are back.
        self.everybody_hears("Chat/OnJoin", self.friends_of, continued, 5, "until all rooms heard of its return")
        self.heard_once("Chat/OnLeave", "Chat/OnJoin")
        for room, friend in self.friends_of.items():
            self.guests_of[room].say(room, "back")
            friend.expect("Chat/OnSay", roomName=room, userName=f"guest-{room}", say="back")
            self.assertEqual(len(self.members(friend, room)), 2)

    def test_cut_off_for_a_moment(self):
        cut = time.monotonic()
        self.all.host("Gate", 1).cut()
        self.all.node("Chat", 0).when("instance is unreachable", cut)
        self.all.host("Gate", 1).restore()
        self.all.node("Chat", 0).when("instance is live", time.monotonic())
        for room, friend in self.friends_of.items():
            self.guests_of[room].say(room, "still here")
            friend.expect("Chat/OnSay", roomName=room, userName=f"guest-{room}", say="still here")
        self.heard_once()


class Cost(RoomCase):
    def test_a_say_is_one_message_for_each_gate_with_members(self):
        cluster = self.cluster().start_all(gates=3, chats=2)
        tap = Tap(World.brokers, cluster.vhost)
        self.addCleanup(tap.close)
        for gates in (1, 2, 3):
            room = next(rooms)
            # Several members at each Gate cost no more than one.
            players = [cluster.player(f"{room}-{gate}-{number}", gate) for gate in range(gates) for number in range(3)]
            for player in players:
                player.join(room)
            for number in range(100):
                players[0].say(room, f"{number}")
            for player in players:
                player.expect("Chat/OnSay", roomName=room, userName=f"{room}-0-0", say="99")
            deliveries = []

            def all_came():
                deliveries.extend(queue for queue, headers in tap.messages() if (
                    headers.get("group"), headers.get("topic")) == (f"@Chat/{room}", "Chat/OnSay"))
                return len(deliveries) >= 100 * gates

            until("the broker has told of a hundred says to each Gate", all_came)
            self.assertEqual(sorted(collections.Counter(deliveries).values()), [100] * gates)


class OneSession(RoomCase):
    def test_at_two_gates(self):
        cluster = self.cluster().start_all(gates=2)
        for number in range(5):
            older = cluster.player(f"user-{number}", gate=number % 2)
            newer = cluster.player(f"user-{number}", gate=1 - number % 2)
            older.expect("Gate/OnKick", reason="the user logged in elsewhere")
            older.wait("the end of the connection", lambda: older.connected is False)
            room = next(rooms)
            newer.join(room)
            newer.say(room, "mine")
            newer.expect("Chat/OnSay", roomName=room, userName=f"user-{number}", say="mine")

    def test_races(self):
        """Logins of one user at the same time, at two Gates: one session is left, and it can be used."""
        cluster = self.cluster().start_all(gates=2)
        for turn in range(5):
            players = [Player(TCP, host=cluster.address("Gate", number % 2)) for number in range(8)]
            cluster.players += players
            threads = [threading.Thread(target=player.publish, args=(
                "Login/Handler_Login/1", f'{{"userName":"racer-{turn}","passWord":""}}')) for player in players]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            def left():
                return [player for player in players if player.connected]

            until("all sessions but one have ended", lambda: len(left()) == 1)
            # The others may hear that they have ended before this one hears that it is logged in.
            last = left()[0]
            until("its login is answered", lambda: any(topic == "Login/Handler_Login/1" for topic, _ in last.messages))
            self.assertEqual(last.call("Chat/Handler_JoinChat", roomName=f"race-{turn}"), ("join success", ""))

    def test_who_was_cut_off_gives_way_to_who_came_meanwhile(self):
        cluster = self.cluster().start_all(gates=2)
        older = cluster.player("joe", gate=1)
        stopped = cluster.node("Gate", 1).signal(signal.SIGSTOP)
        try:
            # Until the broker has given its connection up: then its queues are gone.
            cluster.node("Gate", 0).when("instance is gone", stopped, 40)
            newer = cluster.player("joe", gate=0)
        finally:
            cluster.node("Gate", 1).signal(signal.SIGCONT)
        older.expect("Gate/OnKick", reason="the user logged in elsewhere")
        room = next(rooms)
        newer.join(room)
        newer.say(room, "mine")
