"""The checker of chat logs is held to what it must find, and must not: no network, no server."""

import random
import unittest

from cluster.chatlog import FOREVER, ClientLog, Hearing, Say, Window, check
from cluster.ownership import owned, owner, weight

GATES = ("gate-0", "gate-1")


def conversation(rooms=3, members=4, says=200, seed=1):
    """What a perfect server leaves behind: everybody hears everything once, in one order, from the first second on."""
    chance = random.Random(seed)
    logs = [ClientLog(f"c{number}", f"room-{number % rooms}", GATES[number // rooms % 2], memberships=[[0.0, FOREVER]])
            for number in range(rooms * members)]
    now = 1.0
    for number in range(1, says + 1):
        for log in chance.sample(logs, len(logs)):
            now += chance.uniform(0.001, 0.01)
            log.says.append(Say(number, now, now + 0.02, ""))
            for other in logs:
                if other.room == log.room:
                    other.heard.append(Hearing(log.name, number, now + chance.uniform(0.02, 0.021)))
    for log in logs:
        log.heard.sort(key=lambda hearing: next(
            say.began for other in logs if other.name == hearing.sayer for say in other.says[hearing.number - 1:hearing.number]))
    return logs


def moment(log, index):
    return log.heard[index].at


class Perfect(unittest.TestCase):
    def test_nothing_is_wrong(self):
        findings = check(conversation(), [])
        self.assertEqual(findings.faults, {})
        self.assertEqual((findings.total, findings.judged, findings.share), (2400, 2400, 1.0))

    def test_what_is_in_a_window_is_not_judged(self):
        logs = conversation()
        first, last = logs[0].says[0].began, logs[0].says[-1].ended
        everything = Window(first, last + 5, None, None)
        self.assertEqual(check(logs, [everything]).judged, 0)
        of_a_room = Window(first, last + 5, rooms=frozenset(["room-0"]))
        self.assertEqual(check(logs, [of_a_room]).judged, 1600)
        of_a_gate = Window(first, last + 5, gates=frozenset(["gate-1"]))
        self.assertEqual(check(logs, [of_a_gate]).judged, 1200)
        of_nobody = Window(first, last + 5)
        self.assertEqual(check(logs, [of_nobody]).judged, 2400)
        of_order = Window(first, last + 5, None, None, order_only=True)
        self.assertEqual(check(logs, [of_order]).judged, 2400)

    def test_nothing_said_at_all_is_no_success(self):
        self.assertEqual(check(conversation(says=0), []).share, 0.0)


class Wrong(unittest.TestCase):
    """One thing is made wrong, and found; and is not, inside a window that excuses it."""

    def setUp(self):
        self.logs = conversation()
        self.one = self.logs[4]  # of room-1, at gate-1

    def found(self, kind, at, excused_by=()):
        findings = check(self.logs, [])
        self.assertEqual(list(findings.faults), [kind])
        elsewhere = [Window(at + 3, at + 4, None, None), Window(at - 4, at - 3, None, None),
                     Window(at - 2, at + 2, rooms=frozenset(["room-0", "room-2"])),
                     Window(at - 2, at + 2, gates=frozenset(["gate-0"]) if kind == "disconnected" else frozenset())]
        self.assertEqual(list(check(self.logs, elsewhere).faults), [kind])
        for window in excused_by:
            self.assertEqual(check(self.logs, [window]).faults, {}, window)
        return findings.faults[kind]

    def everywhere(self, at):
        return Window(at - 2, at + 2, None, None)

    def in_its_room(self, at, **more):
        return Window(at - 2, at + 2, rooms=frozenset(["room-1"]), **more)

    def at_its_gate(self, at):
        return Window(at - 2, at + 2, gates=frozenset(["gate-1"]))

    def test_a_lost_push(self):
        hearing = self.one.heard.pop(300)
        windows = [self.everywhere(hearing.at), self.in_its_room(hearing.at), self.at_its_gate(hearing.at)]
        found = self.found("lost", hearing.at, windows)
        self.assertEqual(len(found), 1)
        self.assertIn(f"{self.one.name} (gate-1) never heard {hearing.sayer} number {hearing.number}", found[0])
        self.assertIn("lost", check(self.logs, [self.in_its_room(hearing.at, order_only=True)]).faults)

    def test_the_very_last_push_lost(self):
        hearing = self.one.heard.pop()
        self.found("lost", hearing.at)

    def test_a_pair_swapped(self):
        heard = self.one.heard
        index = next(index for index in range(300, 400) if heard[index].sayer != heard[index + 1].sayer)
        heard[index], heard[index + 1] = heard[index + 1], heard[index]
        at = moment(self.one, index)
        self.found("reordered", at, [self.everywhere(at), self.in_its_room(at), self.at_its_gate(at),
                                     self.in_its_room(at, order_only=True)])

    def test_a_pair_of_one_sayer_swapped_at_all_members(self):
        members = [log for log in self.logs if log.room == "room-1"]
        for log in members:
            places = [index for index, hearing in enumerate(log.heard) if hearing.sayer == "c1"]
            first, second = places[100], places[101]
            log.heard[first].number, log.heard[second].number = log.heard[second].number, log.heard[first].number
        at = moment(self.one, 300)
        self.assertIn("reordered", check(self.logs, []).faults)
        self.assertEqual(list(check(self.logs, [Window(0, at + 60, None, None)]).faults), [])

    def test_a_push_twice(self):
        self.one.heard.insert(310, self.one.heard[300])
        at = moment(self.one, 300)
        self.assertIn("duplicates", check(self.logs, []).faults)
        # No fault excuses it.
        self.assertEqual(list(check(self.logs, [self.everywhere(at)]).faults), ["duplicates"])

    def test_a_push_to_another_room(self):
        foreign = next(hearing for hearing in self.logs[0].heard[300:])
        self.one.heard.insert(300, foreign)
        self.assertEqual(list(check(self.logs, [self.everywhere(foreign.at)]).faults), ["foreign"])

    def test_a_say_that_failed(self):
        say = self.one.says[100]
        say.error = "the process that held Handler_Say is gone"
        self.found("failed", say.began, [self.everywhere(say.began), self.in_its_room(say.began)])

    def test_a_say_that_was_never_answered(self):
        say = self.one.says.pop()
        self.one.says.append(Say(say.number, say.began))
        self.assertEqual(list(check(self.logs, []).faults), ["failed"])
        self.assertEqual(check(self.logs, [self.everywhere(say.began)]).faults, {})

    def test_a_connection_that_ended(self):
        at = self.one.says[100].began - 0.0001
        self.one.memberships[:] = [[0.0, at - 0.5], [at + 0.5, FOREVER]]
        # What it said and heard meanwhile would be odd, but is no fault: it may be in before it knows.
        self.assertEqual(list(check(self.logs, []).faults), ["disconnected"])
        self.assertEqual(check(self.logs, [self.at_its_gate(at)]).faults, {})
        self.assertEqual(list(check(self.logs, [self.in_its_room(at)]).faults), ["disconnected"])

    def test_what_was_said_while_it_was_away_is_not_lost(self):
        at = self.one.says[100].began
        self.one.memberships[:] = [[0.0, at - 2], [at + 2, FOREVER]]
        self.one.heard[:] = [hearing for hearing in self.one.heard if abs(hearing.at - at) > 2]
        window = Window(at - 2.5, at - 1.5, gates=frozenset(["gate-1"]))
        self.assertEqual(check(self.logs, [window]).faults, {})

    def test_one_in_ten_thousand(self):
        """As a build made wrong on purpose would."""
        logs = conversation(rooms=10, members=4, says=100)
        chance = random.Random(7)
        pushes = [(log, index) for log in logs for index in range(len(log.heard))]
        self.assertGreater(len(pushes), 15_000)
        log, index = chance.choice(pushes)
        del log.heard[index]
        self.assertEqual(list(check(logs, []).faults), ["lost"])


class Ownership(unittest.TestCase):
    """The hash is the server's: the vectors of Tests/RPCTests/Cluster/RendezvousHashTests.swift."""

    chats = ["a:Chat", "b:Chat", "c:Chat"]

    def test_vectors(self):
        self.assertEqual(weight("a:Chat", "abc"), 0x449EE33C120A6BB2)
        self.assertEqual([owner(key, self.chats) for key in ("abc", "room 1", "漢字", "")],
                         ["b:Chat", "c:Chat", "a:Chat", "b:Chat"])

    def test_shares(self):
        keys = [f"room-{number}" for number in range(50)]
        shares = [owned(chat, keys, self.chats) for chat in self.chats]
        self.assertEqual(frozenset().union(*shares), frozenset(keys))
        self.assertEqual(sum(map(len, shares)), 50)
