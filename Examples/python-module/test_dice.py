"""Dice, a real broker, a real server, and real MQTT clients: what it is for."""

import json
import os
import subprocess
import threading
import unittest

import pika

import rig
from mqant import CallError, HandlerError, Node
from support.deadline import until
from support.player import Player


def setUpModule():
    global broker, server
    broker = rig.Broker()
    unittest.addModuleCleanup(broker.remove)
    server = rig.ServerAtBroker(broker)
    unittest.addModuleCleanup(server.stop)


class DiceCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.wire = rig.Wire(broker.uri())
        cls.addClassCleanup(cls.wire.close)
        cls.dice = rig.DiceProcess(cls.wire)
        cls.addClassCleanup(cls.dice.stop)

    def player(self, name=None):
        player = Player(server.tcp, name)
        self.addCleanup(player.close)
        return player


class ThroughTheGate(DiceCase):
    def setUp(self):
        # The Gate may hear of Dice, and Dice of Login, a moment after `DiceProcess` has returned.
        player = self.player()
        until("a roll through the Gate", lambda: player.call("Dice/Handler_Roll")[1] == "")

    def test_roll(self):
        ada, bob = self.player("Ada"), self.player("Bob")
        result, error = ada.call("Dice/Handler_Roll", sides=6)
        self.assertEqual((error, result["sides"]), ("", 6))
        self.assertIn(result["roll"], range(1, 7))
        # The number is Login's own.
        self.assertRegex(result["text"], r"^dice \d+$")
        self.assertEqual(result["roll"], int(result["text"].split()[1]) % 6 + 1)
        ada.expect("Dice/OnRoll", userName="Ada", **result)
        # Bob's own push comes behind whatever came for him before.
        result, error = bob.call("Dice/Handler_Roll", sides=2)
        bob.expect("Dice/OnRoll", userName="Bob", **result)
        self.assertEqual(len(bob.pushes("Dice/OnRoll")), 1, "Ada's roll is not for Bob")

    def test_a_guest_rolls(self):
        guest = self.player()
        result, error = guest.call("Dice/Handler_Roll")
        self.assertEqual((error, result["sides"]), ("", 6))
        guest.expect("Dice/OnRoll", userName="", **result)

    def test_many_at_a_time(self):
        players = [self.player(f"player {number}") for number in range(4)]
        rolls = 40
        for player in players:
            for number in range(rolls):
                player.publish(f"Dice/Handler_Roll/{number}", json.dumps({"sides": 100 + number}))
        for player in players:
            with self.subTest(player=player):
                player.wait("all replies", lambda: len(self.replies(player)) == rolls)
                player.wait("all pushes", lambda: len(player.pushes("Dice/OnRoll")) == rolls)
                replies = self.replies(player)
                self.assertEqual([replies[f"Dice/Handler_Roll/{number}"]["Result"]["sides"] for number in range(rolls)],
                                 [100 + number for number in range(rolls)])
                self.assertEqual([push["sides"] for push in player.pushes("Dice/OnRoll")],
                                 [100 + number for number in range(rolls)], "in the order of the requests")

    @staticmethod
    def replies(player):
        return {topic: json.loads(payload) for topic, payload in player.messages if "/Handler_Roll/" in topic}

    def test_errors(self):
        player = self.player("Ada")
        for payload, text in (
            ({"sides": "six"}, "sides must be a whole number"), ({"sides": 2.5}, "sides must be a whole number"),
            ({"sides": True}, "sides must be a whole number"), ({"sides": None}, "sides must be a whole number"),
            ({"sides": 1}, "a die has 2 to 1000 sides"), ({"sides": 10**30}, "a die has 2 to 1000 sides"),
            ([6], "Handler_Roll takes an object with sides"), (7, "Handler_Roll takes an object with sides"),
            (None, "Handler_Roll takes an object with sides"), ("x", "Handler_Roll takes an object with sides"),
        ):
            with self.subTest(payload=payload):
                reply = player.request("Dice/Handler_Roll/1", json.dumps(payload))
                self.assertEqual(reply, {"Error": text, "Result": None})
                player.messages.clear()
        for topic, text in (("Dice/Handler_Bribe/1", "Remote function(Handler_Bribe) not found"),
                            ("Dice/roll/1", "Method(roll) must begin with 'Handler_'")):
            self.assertEqual(player.request(topic, "{}"), {"Error": text, "Result": None})
        self.assertEqual(player.pushes("Dice/OnRoll"), [])
        self.assertEqual(player.call("Dice/Handler_Roll", sides=6)[1], "", "it lives on")


class FromModules(DiceCase):
    def test_called_by_another_module(self):
        """A module type Table of this process: clients call it, and it calls Dice."""
        table = Node("Table", "test:Table", [broker.uri()])

        def handler_throw(call, request):
            if request.get("cheat"):
                raise HandlerError("no cheating")
            return [table.call("Dice", "roll", request["sides"], deadline=call.deadline) for _ in range(3)]

        table.register("Handler_Throw", handler_throw)
        thread = threading.Thread(target=table.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(table.stop)
        self.wire.queue_of("test:Table")

        player = self.player("Ada")
        result, error = player.call("Table/Handler_Throw", sides=3)
        self.assertEqual((error, len(result), set(result) <= {1, 2, 3}), ("", 3, True), result)
        self.assertEqual(player.call("Table/Handler_Throw", sides=1), (None, "a die has 2 to 1000 sides"))
        self.assertEqual(player.call("Table/Handler_Throw", cheat=True), (None, "no cheating"))
        # What nobody foresaw becomes an error too, and tells clients nothing.
        with self.assertLogs("mqant", "ERROR"):
            self.assertEqual(player.call("Table/Handler_Throw"), (None, "Handler_Throw failed: KeyError"))
        # A Swift module, from a thread that serves nothing.
        self.assertRegex(table.call("Login", "getRand", "abc"), r"^abc \d+$")
        for target, function, code in (("Cards", "deal", "not-found"), ("Dice", "cheat", "function-not-found"),
                                       ("Login", "getRand", "invalid-arguments")):
            with self.assertRaises(CallError) as caught:
                table.call(target, function)
            self.assertEqual(caught.exception.code, code, caught.exception)

    def mqantserver(self, *arguments):
        """Runs a command against the same broker; returns its status and its output."""
        conf = server.folder.name + "/server.conf"
        ran = subprocess.run([os.environ["MQANTSERVER"], *arguments, "--conf", conf], capture_output=True, text=True,
                             timeout=30)
        return ran.returncode, ran.stdout + ran.stderr

    def test_called_from_the_shell(self):
        status, said = self.mqantserver("call", "Dice", "roll", "1000", "--id", "test:Dice")
        self.assertEqual((status, int(said) in range(1, 1001)), (0, True), said)
        self.assertEqual(self.mqantserver("call", "Dice", "roll", '"x"')[0], 5, "invalid-arguments")
        self.assertEqual(self.mqantserver("call", "Dice", "roll", "1")[0], 6, "its own error")
        status, said = self.mqantserver("status", "--json")
        self.assertEqual(status, 0, said)
        dice = {one["id"]: one for one in json.loads(said)}["test:Dice"]
        self.assertEqual((dice["host"], dice["status"]["running"]), (self.dice.host, 0))
        self.assertGreaterEqual(dice["status"]["calls"], 3)
        self.assertGreaterEqual(dice["status"]["errors"], 2)

    def test_error_codes(self):
        queue = self.dice.queue
        for function, body, more, kind, code in (
            ("roll", [6], {}, "reply", None), ("roll", [], {}, "reply", None),
            ("roll", [1], {}, "error", "remote"), ("roll", ["x"], {}, "error", "invalid-arguments"),
            ("roll", [6, 7], {}, "error", "invalid-arguments"),
            ("roll", {"sides": 6}, {}, "error", "invalid-arguments"),
            ("roll", b"\xff{", {}, "error", "invalid-arguments"), ("roll", b"", {}, "error", "invalid-arguments"),
            ("roll", b"[6]", {"content_type": "application/octet-stream"}, "error", "invalid-arguments"),
            ("Handler_Roll", [{"sides": 6}], {}, "error", "remote"), ("Roll", [6], {}, "error", "function-not-found"),
            ("handler_roll", [], {}, "error", "function-not-found"),
            ("__init__", [], {}, "error", "function-not-found"),
        ):
            with self.subTest(function=function, body=body):
                came = self.wire.reply(self.wire.call(queue, function, body, **more))
                self.assertEqual(came[:2], (kind, code), came)
                if kind == "error":
                    self.assertIsInstance(came[2], str)
        number = self.wire.call(queue, "roll", [6])
        self.wire.reply(number)
        self.assertEqual(self.wire.replies[number][0].app_id, "test:Dice")

    def test_casts_are_not_answered(self):
        cast = self.wire.call(self.dice.queue, "roll", [6], wants_reply=False)
        # One session's requests are handled in order: what is behind the cast is answered after it.
        session = json.dumps({"Sessionid": "00" * 16, "Serverid": "nobody"})
        casts = [self.wire.call(self.dice.queue, "roll", ["x"], wants_reply=False, headers={"session": session})
                 for _ in range(3)]
        behind = self.wire.call(self.dice.queue, "roll", [6], headers={"session": session})
        self.assertEqual(self.wire.reply(behind)[0], "reply")
        self.assertFalse(set(casts + [cast]) & set(self.wire.replies))


class Announcements(DiceCase):
    def heard(self):
        """When Dice announced itself, and what it said."""
        return [(when, body) for when, body in self.wire.announced
                if any(one["id"] == "test:Dice" for one in body["instances"])]

    def test_now_and_then(self):
        start = len(self.heard())
        self.wire.wait("three announcements", lambda: len(self.heard()) >= start + 3, 30)
        three = self.heard()[start:start + 3]
        self.assertGreater(three[2][0] - three[0][0], 5, "nothing has changed")
        sequences = [body["sequence"] for _, body in self.heard()]
        self.assertEqual(sequences, sorted(set(sequences)))
        last = self.heard()[-1][1]
        self.assertEqual((last["host"], last["goodbye"], last["instances"][0]["type"]), (self.dice.host, False, "Dice"))

    def test_who_are_you(self):
        # Ten questions get ten answers in less than the time that would bring as many.
        start = len(self.heard())
        for _ in range(10):
            self.wire.ask()
        self.wire.wait("ten answers", lambda: len(self.heard()) >= start + 10, 5)

    def test_who_are_you_of_one(self):
        start = len(self.heard())
        sequence = self.heard()[-1][1]["sequence"]
        self.wire.publish("", pika.BasicProperties(type="who-are-you", app_id=self.wire.name,
                                                   reply_to=self.wire.reply_queue), b"", "mqant.nodes")

        def answer():
            return next((json.loads(body) for properties, body in self.wire.told
                         if properties.type == "member" and b"test:Dice" in body), None)

        self.assertGreaterEqual(self.wire.wait("an answer", answer, 5)["sequence"], sequence)
        self.assertLess(len(self.heard()), start + 2, "the others are not told")

    def test_probes(self):
        replies = self.heard()[-1][1]["replies"]
        for queue in (replies, self.dice.queue):
            self.wire.told.clear()
            self.wire.publish(queue, pika.BasicProperties(app_id=self.wire.name, reply_to=self.wire.reply_queue), b"")
            self.wire.wait("an answer", lambda: any(
                properties.app_id == self.heard()[-1][1]["node"] and not body and not properties.type
                for properties, body in self.wire.told), 5)

    def test_that_it_is_unreachable_is_refuted(self):
        last = self.heard()[-1][1]
        claim = json.dumps({"node": last["node"], "sequence": last["sequence"]}).encode()
        self.wire.publish("", pika.BasicProperties(type="unreachable", app_id=self.wire.name), claim, "mqant.nodes")
        self.wire.wait("it says that it is there", lambda: self.heard()[-1][1]["sequence"] > last["sequence"], 3)


if __name__ == "__main__":
    unittest.main()
