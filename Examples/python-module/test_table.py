"""Table: groups, sessions and presences, with real MQTT clients at two Gates."""

import json
import threading
import time
import unittest

import rig
from mqant import CallError, HandlerError, Node, Presence, group_owned_by
from mqant.ownership import ranked
from support.deadline import until
from support.player import Player


def setUpModule():
    global broker, server, other
    broker = rig.Broker()
    unittest.addModuleCleanup(broker.remove)
    server = rig.ServerAtBroker(broker, without=["Web"])
    unittest.addModuleCleanup(server.stop)
    other = rig.ServerAtBroker(broker, without=["Login", "Chat", "Web"], name="other")
    unittest.addModuleCleanup(other.stop)


class TableCase(unittest.TestCase):
    """A Table, and a node of this process of the type Tester."""

    @classmethod
    def setUpClass(cls):
        cls.wire = rig.Wire(broker.uri())
        cls.addClassCleanup(cls.wire.close)
        cls.table = rig.TableProcess(cls.wire)
        cls.addClassCleanup(cls.table.stop)
        cls.node = Node("Tester", "test:Tester", [broker.uri()])
        cls.jobs = {}
        cls.node.register("Handler_Do", lambda call, request: cls.jobs[request["job"]](call.session))
        thread = threading.Thread(target=cls.node.run)
        thread.start()
        cls.addClassCleanup(thread.join)
        cls.addClassCleanup(cls.node.stop)
        cls.wire.queue_of("test:Tester")
        cls.until_known(server)
        cls.until_known(other)

    @classmethod
    def until_known(cls, one):
        """A Gate may hear of the modules, and they of it, a moment later than the test."""
        player = Player(one.tcp)
        cls.addClassCleanup(player.close)
        for module in ("Table", "Tester"):
            until(f"the Gate knows {module}", lambda: "Service(" not in player.call(f"{module}/Handler_Nothing")[1])
        until("the Gate is known", lambda: f"{one.name}:Gate" in cls.node.look(
            lambda view: [gate["id"] for gate in view.gates()]))

    def player(self, name=None, at=None):
        player = Player((at or server).tcp)
        self.addCleanup(player.close)
        if name:
            self.assertEqual(player.call("Table/Handler_Login", user=name), (f"welcome {name}", ""))
        return player

    def sit(self, player, table, *there):
        self.assertEqual(player.call("Table/Handler_Join", table=table), (list(there), ""))

    def do(self, player, job):
        """Runs `job(session)` in a call that the player makes; returns its result, or fails."""
        number = f"{len(self.jobs)}"
        self.jobs[number] = job
        result, error = player.call("Tester/Handler_Do", job=number)
        self.assertEqual(error, "")
        return result

    def another(self, instance):
        """Another Table. It says goodbye, unless the test kills it: the next test's Gates might report to it."""
        table = rig.TableProcess(self.wire, instance=instance)
        self.addCleanup(lambda: table.stop() if table.process.poll() is None else table.kill())
        return table

    def seated(self, instance, table):
        return self.node.call_instance(instance, "seated", [table])

    def until_seated(self, table, *names):
        until(f"{names} at {table}", lambda: self.node.call("Table", "seated", table) == list(names))


class AtTheTable(TableCase):
    def test_two_players(self):
        ada, bob, eve = self.player("Ada"), self.player("Bob", other), self.player("Eve", other)
        self.sit(ada, "oak", "Ada")
        self.sit(bob, "oak", "Ada", "Bob")
        self.sit(eve, "oak", "Ada", "Bob", "Eve")
        self.until_seated("oak", "Ada", "Bob", "Eve")
        for one, name in ((ada, "Ada"), (bob, "Bob")):
            roll, error = one.call("Table/Handler_Roll", table="oak")
            self.assertEqual((error, roll in range(1, 7)), ("", True))
            for player in (ada, bob, eve):
                player.expect("Table/OnRoll", table="oak", user=name, roll=roll)
        self.assertEqual([push["user"] for push in ada.pushes("Table/OnJoin")], ["Bob", "Eve"], "and not herself")
        self.assertEqual([push["user"] for push in bob.pushes("Table/OnJoin")], ["Eve"])
        self.assertEqual(eve.call("Table/Handler_Who", table="oak"), (["Ada", "Bob", "Eve"], ""))

        self.assertEqual(bob.call("Table/Handler_Leave", table="oak"), ("bye", ""))
        for player in (ada, eve):
            player.expect("Table/OnLeave", table="oak", user="Bob")
        self.assertEqual(bob.call("Table/Handler_Roll", table="oak"), (None, "you are not at this table"))
        roll, _ = ada.call("Table/Handler_Roll", table="oak")
        eve.expect("Table/OnRoll", table="oak", user="Ada", roll=roll)
        bob.call("Table/Handler_Who", table="oak")
        self.assertEqual((len(bob.pushes("Table/OnRoll")), bob.pushes("Table/OnLeave")), (2, []))
        self.assertEqual(ada.call("Table/Handler_Who", table="oak"), (["Ada", "Eve"], ""))
        self.until_seated("oak", "Ada", "Eve")

    def test_a_client_that_is_killed(self):
        ada, bob = self.player("Ada"), self.player("Bob", other)
        self.sit(ada, "elm", "Ada")
        self.sit(bob, "elm", "Ada", "Bob")
        self.until_seated("elm", "Ada", "Bob")
        bob.vanish()
        ada.expect("Table/OnLeave", table="elm", user="Bob")
        self.until_seated("elm", "Ada")
        self.assertEqual(ada.call("Table/Handler_Who", table="elm"), (["Ada"], ""))
        self.assertFalse(self.node.is_online("Bob"))

    def test_tables_are_apart(self):
        ada, bob = self.player("Ada"), self.player("Bob")
        self.sit(ada, "ash", "Ada")
        self.sit(bob, "fir", "Bob")
        ada.call("Table/Handler_Roll", table="ash")
        roll, _ = bob.call("Table/Handler_Roll", table="fir")
        bob.expect("Table/OnRoll", table="fir", user="Bob", roll=roll)
        self.assertEqual(len(bob.pushes("Table/OnRoll")), 1)

    def test_invite(self):
        ada, bob = self.player("Ada"), self.player("Bob", other)
        self.sit(ada, "yew", "Ada")
        self.assertEqual(ada.call("Table/Handler_Invite", table="yew", user="Bob"), ("invited", ""))
        bob.expect("Table/OnInvite", table="yew", user="Ada")
        self.assertEqual(ada.call("Table/Handler_Invite", table="yew", user="Zed"), (None, "Zed is not online"))

    def test_names(self):
        guest, ada = self.player(), self.player("Ada")
        self.assertEqual(guest.call("Table/Handler_Join", table="oak"), (None, "log in first"))
        missing, long = "table is missing", "table has at most 64 bytes of UTF-8"
        for payload, text in (({}, missing), ({"table": 7}, missing), ({"table": ""}, missing), (None, missing),
                              ({"table": "é" * 33}, long)):
            reply = ada.request("Table/Handler_Join/1", json.dumps(payload, ensure_ascii=False))
            self.assertEqual(reply, {"Error": text, "Result": None})
            ada.messages.clear()
        # Half a surrogate pair, as text in JSON: refused by somebody, and nobody falls over it.
        self.assertIn("Error", ada.request("Table/Handler_Join/1", '{"table":"\\ud800"}'))
        self.sit(ada, "caf\u00e9", "Ada")
        self.assertEqual(ada.call("Table/Handler_Join", table="cafe\u0301"), (None, "you are there already"))

    def test_functions_for_clients(self):
        with self.assertRaises(CallError) as caught:
            self.node.call("Table", "Handler_Roll", {"table": "oak"})
        self.assertEqual(caught.exception.text, "this function is for clients")


    def test_reports_that_are_none(self):
        one = {"group": "table.bog", "key": "bog", "session": "s", "name": "Zed"}
        for report in (None, [], {}, 7, "x", {"members": [one]}, {"members": [7], "gate": "g", "incarnation": "q"},
                       {"members": [dict(one, name=None)], "gate": "g", "incarnation": "q"},
                       {"members": {"a": 1}, "gate": "g", "incarnation": "q"},
                       {"members": [one], "gate": 7, "incarnation": "q"}):
            for function in ("$present", "$absent"):
                with self.subTest(report=report, function=function):
                    came = self.wire.reply(self.wire.call(self.table.queue, function, [report]))
                    self.assertEqual(came[:2], ("error", "invalid-arguments"))
        self.assertEqual(self.node.call("Table", "seated", "bog"), [])


class Instances(TableCase):
    def test_three(self):
        """The Gates tell the key's owner and its heir; all three know who is there, and one of them tells of ends."""
        tables = {"test:Table": self.table}
        for number in (2, 3):
            instance = f"test:Table{number}"
            tables[instance] = self.another(instance)
        table = next(name for name in map(str, range(1000)) if ranked(tables, name)[-1] == "test:Table")
        owner, heir, third = ranked(tables, table)
        ada, bob = self.player("Ada"), self.player("Bob", other)

        # Whatever a Gate, or an instance, knew a moment ago of the three: it is told again.
        self.sit(ada, table, "Ada")
        self.sit(bob, table, "Ada", "Bob")
        for instance in (owner, heir):
            until(f"{instance} knows", lambda: self.seated(instance, table) == ["Ada", "Bob"])
        for _ in range(10):
            self.assertEqual(ada.call("Table/Handler_Who", table=table), (["Ada", "Bob"], ""))
        tables[owner].kill()
        until("the third is the heir", lambda: self.seated(third, table) == ["Ada", "Bob"])
        bob.vanish()
        ada.expect("Table/OnLeave", table=table, user="Bob")
        for instance in (heir, third):
            until(f"{instance} knows", lambda: self.seated(instance, table) == ["Ada"])
        self.node.push(f"table.{table}", "T/Last", {})
        ada.expect("T/Last")
        self.assertEqual(len(ada.pushes("Table/OnLeave")), 1, "told once")


class Sessions(TableCase):
    def test_bind(self):
        player = self.player()

        def bind(session):
            before = session.version
            session.bind("Zoe")
            return session.user, session.version > before

        self.assertEqual(self.do(player, bind), ["Zoe", True])
        self.assertTrue(self.node.is_online("Zoe"))
        self.assertEqual(self.do(player, lambda session: session.user), "Zoe", "the Gate's, too")
        # The same user elsewhere ends this session.
        self.player("Zoe", other)
        player.wait("the end", lambda: player.connected is False)
        self.assertTrue(self.node.is_online("Zoe"))

    def test_unbind(self):
        player = self.player("Yan")
        self.assertEqual(self.do(player, lambda session: session.unbind() or session.user), "")
        until("Yan is gone", lambda: not self.node.is_online("Yan"))

    def test_settings(self):
        player = self.player()

        def change(session):
            seen = []
            for job in (lambda: session.set("caf\u00e9", "1"), lambda: session.set("b", "2"),
                        lambda: session.remove("b"), lambda: session.push({"c": "3", "d": "4"}, removed=["cafe\u0301"]), session.update):
                version = session.version
                job()
                seen.append((dict(session.settings), session.version - version))
            return seen

        seen = self.do(player, change)
        self.assertEqual([settings for settings, _ in seen],
                         [{"caf\u00e9": "1"}, {"caf\u00e9": "1", "b": "2"}, {"caf\u00e9": "1"}, {"c": "3", "d": "4"},
                          {"c": "3", "d": "4"}])
        self.assertTrue(all(step > 0 for _, step in seen[:4]), seen)
        self.assertEqual(self.do(player, lambda session: session.settings), {"c": "3", "d": "4"})

    def test_groups(self):
        player = self.player("Xia")

        def change(session):
            seen = []
            for job in (lambda: session.join("hall"), lambda: session.join("hall"),
                        lambda: session.join("desk", Presence("Table", "desk", "xia")),
                        lambda: session.leave("hall"), lambda: session.leave("hall")):
                seen.append((job(), sorted(session.groups)))
            return seen

        self.assertEqual(self.do(player, change),
                         [[True, ["hall"]], [False, ["hall"]], [True, ["desk", "hall"]], [True, ["desk"]],
                          [False, ["desk"]]])
        self.assertEqual([one["name"] for one in self.node.members("desk")], ["xia"])
        self.assertEqual(self.node.members("hall"), [])

    def test_a_session_that_is_gone(self):
        player = self.player()
        kept = []
        self.do(player, lambda session: kept.append(session))
        kept[0].close()
        player.wait("the end", lambda: player.connected is False)
        for job in (lambda: kept[0].bind("Will"), lambda: kept[0].join("hall"), kept[0].update):
            with self.assertRaises(CallError) as caught:
                job()
            self.assertEqual((caught.exception.code, caught.exception.text), ("remote", "No Session found"))

    def test_an_error_of_its_own(self):
        def fail(session):
            raise HandlerError("no")

        self.jobs["fail"] = fail
        self.assertEqual(self.player().call("Tester/Handler_Do", job="fail"), (None, "no"))


class Pushes(TableCase):
    def test_confirmed(self):
        self.assertFalse(self.node.push_confirmed("nobody's", "T/On", {}))
        self.assertFalse(self.node.has_members("nobody's"))
        ada = self.player("Ada", other)
        session = self.do(ada, lambda session: session.join("confirmed") and session.id)
        self.assertTrue(self.node.has_members("confirmed"))
        self.assertTrue(self.node.push_confirmed("confirmed", "T/On", {"n": 1}))
        ada.expect("T/On", n=1)
        # Who is left out is there all the same.
        self.assertTrue(self.node.push_confirmed("confirmed", "T/On", {"n": 2}, leave_out=session))
        self.assertTrue(self.node.push_confirmed("confirmed", "T/On", {"n": 3}, qos=1))
        ada.expect("T/On", n=3)
        self.assertEqual([push["n"] for push in ada.pushes("T/On")], [1, 3])
        self.do(ada, lambda session: session.leave("confirmed"))
        until("nobody is there", lambda: not self.node.has_members("confirmed"))

    def test_leave_out(self):
        ada, bob = self.player("Ada"), self.player("Bob", other)
        session = self.do(ada, lambda session: session.join("left out") and session.id)
        self.do(bob, lambda session: session.join("left out"))
        for n in range(10):
            self.node.push("left out", "T/On", {"n": n}, leave_out=session if n % 2 else None)
        bob.expect("T/On", n=9)
        self.assertEqual([push["n"] for push in bob.pushes("T/On")], list(range(10)))
        self.node.push("left out", "T/Last", {})
        ada.expect("T/Last")
        self.assertEqual([push["n"] for push in ada.pushes("T/On")], [0, 2, 4, 6, 8])

    def test_in_order(self):
        players = [self.player("Ada"), self.player("Bob", other)]
        for player in players:
            self.do(player, lambda session: session.join("order"))
        for n in range(200):
            self.node.push("order", "T/On", {"n": n})
        for player in players:
            player.expect("T/On", n=199)
            self.assertEqual([push["n"] for push in player.pushes("T/On")], list(range(200)))

    def test_bytes(self):
        ada = self.player()
        self.do(ada, lambda session: session.join("bytes"))
        self.node.push("bytes", "T/Raw", b"\0\xff")
        ada.wait("the push", lambda: ("T/Raw", b"\0\xff") in ada.messages)

    def test_users(self):
        ada = self.player("Ann", other)
        self.assertTrue(self.node.is_online("Ann"))
        self.assertFalse(self.node.is_online("ann"))
        self.node.push_to_user("Ann", "T/On", {"n": 1})
        ada.expect("T/On", n=1)
        self.assertFalse(self.node.disconnect("Zed"))
        self.assertTrue(self.node.disconnect("Ann", "cheating"))
        ada.expect("Gate/OnKick", reason="cheating")
        ada.wait("the end", lambda: ada.connected is False)
        until("she is gone", lambda: not self.node.is_online("Ann"))

    def test_groups_that_modules_own(self):
        ada = Player(server.tcp, "Ada")
        self.addCleanup(ada.close)
        ada.join("lobby")
        group = group_owned_by("Chat", "lobby")
        self.assertTrue(self.node.push_confirmed(group, "T/On", {"n": 1}))
        ada.expect("T/On", n=1)
        self.assertFalse(self.node.push_confirmed(group_owned_by("Chat", "empty"), "T/On", {}))
        # Instances of ours own none.
        self.assertFalse(self.node.push_confirmed(group_owned_by("Table", "oak"), "T/On", {}))

    def test_names(self):
        for job in (lambda: self.node.push("", "T", {}), lambda: self.node.push_confirmed("x" * 201, "T", {}),
                    lambda: self.node.push_to_user("", "T", {}), lambda: self.node.push("g", "\ud800", {})):
            with self.assertRaises(CallError) as caught:
                job()
            self.assertEqual(caught.exception.code, "invalid-arguments")


class Gates(TableCase):
    @classmethod
    def tearDownClass(cls):
        # For 5 s an owner that lost its connection takes it that a Gate that was killed has members.
        until("an empty group is empty", lambda: not cls.node.has_members("nobody's"))

    def test_a_gate_that_is_killed(self):
        """It had a player at the table, and owned the group of it. One of two instances tells the others."""
        second = self.another("test:Table2")
        third = rig.ServerAtBroker(broker, without=["Login", "Chat", "Web"], name="third")
        self.addCleanup(third.folder.cleanup)
        self.addCleanup(third.process.wait)
        self.addCleanup(third.process.kill)
        self.until_known(third)
        gates = [f"{one.name}:Gate" for one in (server, other, third)]
        table = next(name for name in map(str, range(1000)) if ranked(gates, f"table.{name}")[0] == "third:Gate")
        ada, bob, eve = self.player("Ada"), self.player("Bob", other), self.player("Eve", third)
        self.sit(ada, table, "Ada")
        self.sit(bob, table, "Ada", "Bob")
        self.sit(eve, table, "Ada", "Bob", "Eve")
        for instance in ("test:Table", "test:Table2"):
            until(f"{instance} knows", lambda: self.seated(instance, table) == ["Ada", "Bob", "Eve"])
        roll, _ = ada.call("Table/Handler_Roll", table=table)
        for player in (ada, bob, eve):
            player.expect("Table/OnRoll", table=table, user="Ada", roll=roll)
        third.process.kill()
        began = time.monotonic()
        ada.wait("Eve is gone", lambda: ada.pushes("Table/OnLeave") or None, 20)
        self.assertEqual(ada.pushes("Table/OnLeave"), [{"table": table, "user": "Eve"}])
        self.assertGreater(time.monotonic() - began, 3, "it might have been reconnecting")
        bob.expect("Table/OnLeave", table=table, user="Eve")
        for instance in ("test:Table", "test:Table2"):
            until(f"{instance} knows", lambda: self.seated(instance, table) == ["Ada", "Bob"])
        self.assertEqual(bob.call("Table/Handler_Who", table=table), (["Ada", "Bob"], ""))
        roll, _ = bob.call("Table/Handler_Roll", table=table)
        for player in (ada, bob):
            player.expect("Table/OnRoll", table=table, user="Bob", roll=roll)
        self.assertEqual(len(ada.pushes("Table/OnLeave")), 1, "told once")

    def test_the_broker_comes_back(self):
        """Everybody connects anew, and nobody is told that anybody left."""
        ada, bob = self.player("Ada"), self.player("Bob", other)
        self.sit(ada, "pine", "Ada")
        self.sit(bob, "pine", "Ada", "Bob")
        self.until_seated("pine", "Ada", "Bob")
        with self.assertLogs("mqant", "WARNING"):
            broker.ctl("close_all_connections", "--global", "a test cuts them")
            until("they reconnect", lambda: self.node.lives > 1, 15)
        until("a roll", lambda: ada.call("Table/Handler_Roll", table="pine")[1] == "", 15)
        until("Bob hears Ada", lambda: bob.pushes("Table/OnRoll"))
        bob.vanish()
        ada.expect("Table/OnLeave", table="pine", user="Bob")
        self.until_seated("pine", "Ada")
        self.assertEqual(ada.pushes("Table/OnLeave"), [{"table": "pine", "user": "Bob"}])


if __name__ == "__main__":
    unittest.main()
