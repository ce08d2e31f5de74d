"""Who is there by the Gates' reports: the rules alone, with time in the test's hand."""

import unittest

from mqant.roster import GRACE, HANDOVER, Member, Memberships


def member(session, name=None, incarnation="gate.1", life=1, group="table.oak"):
    return Member(group, "oak", session, name or session, "Gate", incarnation, life)


class MembershipsCase(unittest.TestCase):
    def setUp(self):
        self.there, self.ours = {"gate.1"}, True
        self.memberships = Memberships()

    def look(self, now, life=1):
        return {one.session for one in self.memberships.look(
            now, life, lambda incarnation: incarnation in self.there, lambda key: self.ours)}

    def sessions(self, group="table.oak"):
        return set(self.memberships.groups.get(group, {}))

    def test_reports(self):
        self.memberships.begin([member("a"), member("b"), member("b2", "b"), member("x", group="table.elm")])
        self.assertEqual((self.sessions(), self.sessions("table.elm")), ({"a", "b", "b2"}, {"x"}))
        self.assertEqual(self.memberships.end([member("b")]), [], "b is there by another session")
        self.assertEqual(self.memberships.end([member("b2", "b")]), [member("b2", "b")])
        self.assertEqual(self.memberships.end([member("b2", "b")]), [], "told once")
        self.assertEqual(self.memberships.end([member("x", group="table.elm")]), [member("x", group="table.elm")])
        self.assertEqual((self.sessions(), list(self.memberships.groups)), ({"a"}, ["table.oak"]))

    def test_a_gate_that_is_gone(self):
        self.memberships.begin([member("a"), member("b", incarnation="gate.2")])
        self.there.add("gate.2")
        self.assertEqual(self.look(0), set())
        self.there.remove("gate.1")
        self.assertEqual(self.look(100), set())
        self.assertEqual(self.look(100 + GRACE - 0.1), set(), "it may be reconnecting")
        self.assertEqual(self.look(100 + GRACE), {"a"})
        self.assertEqual(self.sessions(), {"b"})
        self.assertEqual(self.look(200), set())

    def test_a_gate_that_reconnects(self):
        self.memberships.begin([member("a"), member("b")])
        self.there = {"gate.2"}
        self.look(100)
        self.memberships.begin([member("a", incarnation="gate.2")])
        self.assertEqual(self.look(100 + GRACE), {"b"}, "b went meanwhile")
        self.assertEqual(self.sessions(), {"a"})

    def test_a_gate_that_was_not_heard_for_a_while(self):
        self.memberships.begin([member("a")])
        self.there = set()
        self.look(100)
        self.there = {"gate.1"}
        self.look(101)
        self.there = set()
        self.assertEqual(self.look(100 + GRACE), set(), "counted anew")

    def test_this_node_reconnects(self):
        self.memberships.begin([member("a"), member("b")])
        self.look(100, life=2)
        self.memberships.begin([member("a", life=2)])
        self.assertEqual(self.look(100 + GRACE, life=2), {"b"})

    def test_another_instance_takes_over(self):
        self.memberships.begin([member("a")])
        self.ours = False
        self.look(100)
        self.look(100 + HANDOVER - 1)
        self.assertEqual(self.sessions(), {"a"}, "it may give it back")
        self.ours = True
        self.look(100 + HANDOVER)
        self.assertEqual(self.sessions(), {"a"})
        self.ours = False
        self.look(200)
        self.assertEqual(self.look(200 + HANDOVER), set(), "it is there, and others know")
        self.assertEqual(self.memberships.groups, {})


if __name__ == "__main__":
    unittest.main()
