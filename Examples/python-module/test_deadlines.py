"""Deadlines and calls in flight: Dice, a Gate, and a Login of this process that answers when it is told to."""

import json
import threading
import time
import unittest

import rig
from faultcase import GONE, NOBODY, FaultCase
from mqant import CallError, Node


def setUpModule():
    FaultCase.broker = rig.Broker()
    unittest.addModuleCleanup(FaultCase.broker.remove)
    FaultCase.server = rig.ServerAtBroker(FaultCase.broker, exchange="quiet", without=["Login", "Chat", "Web"])
    unittest.addModuleCleanup(FaultCase.server.stop)


class SlowLogin(FaultCase):
    exchange = "quiet"

    def setUp(self):
        super().setUp()
        self.gate, self.entered = threading.Event(), threading.Semaphore(0)
        self.login = Node("Login", "test:Login", [self.broker.uri()], exchange="quiet", workers=1, capacity=1)
        self.login.register("getRand", self.get_rand)
        thread = threading.Thread(target=self.login.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.login.stop)
        self.addCleanup(self.gate.set)
        self.login_queue = self.wire.queue_of("test:Login")

    def get_rand(self, call, text):
        self.entered.release()
        self.gate.wait(30)
        return f"{text} 41"

    def handler_roll(self, dice, **more):
        session = json.dumps({"Sessionid": "00" * 16, "Serverid": "nobody"})
        more["headers"] = {"session": session, **more.get("headers", {})}
        return self.wire.call(dice.queue, "Handler_Roll", [{"sides": 6}], **more)

    def test_killed_and_restarted(self):
        dice = self.new_dice()
        self.until_known()
        # It holds a call when it dies: the one that has come as far as Login.
        self.player.publish("Dice/Handler_Roll/held", '{"sides": 6}')
        self.assertTrue(self.entered.acquire(timeout=15))
        began = time.monotonic()
        dice.kill()
        topic, payload = self.player.wait("the answer", lambda: next(iter(self.player.messages), None))
        self.assertLess(time.monotonic() - began, 4, "interrupted, and not at the deadline of 10 s")
        self.assertEqual((topic, json.loads(payload)), ("Dice/Handler_Roll/held", {"Error": GONE, "Result": None}))
        self.assertEqual(self.roll(), (None, NOBODY))
        # The same Id, at once.
        self.gate.set()
        again = self.new_dice()
        self.assertNotEqual(again.queue, dice.queue)
        self.until_it_rolls(5)
        self.assert_rolls()
        again.stop()

    def test_expired_requests_are_not_handled(self):
        dice = self.new_dice(instance="slow:Dice", workers=1)
        # The only worker is busy until `gate` opens.
        first = self.handler_roll(dice)
        self.assertTrue(self.entered.acquire(timeout=15))
        late = [self.wire.call(dice.queue, "roll", [6], expiration="200"),
                self.wire.call(dice.queue, "roll", [6], headers={"timeout": 200}),
                self.wire.call(dice.queue, "roll", [6], headers={"timeout": "200"}, expiration=None)]
        in_time = self.wire.call(dice.queue, "roll", [6])
        self.wire.connection.sleep(0.5)  # what passes is the deadline
        self.gate.set()
        self.assertEqual(self.wire.reply(in_time)[0], "reply")
        self.assertEqual(self.wire.reply(first), ("error", "not-found", "Service(id:nobody) not found"))
        self.assertFalse(set(late) & set(self.wire.replies), "handled before the one that was answered, if at all")
        dice.stop()

    def test_its_own_call_ends_with_the_caller(self):
        dice = self.new_dice(instance="slow:Dice")
        began = time.monotonic()
        number = self.handler_roll(dice, headers={"timeout": 700})
        self.assertEqual(self.wire.reply(number), ("error", "timeout", "getRand did not answer in time"))
        self.assertGreaterEqual(time.monotonic() - began, 0.65)
        self.assertLess(time.monotonic() - began, 5, "and not at the 10 s that are usual")
        self.gate.set()
        dice.stop()

    def test_overloaded(self):
        """Login runs one call, and lets none wait."""
        first = self.wire.call(self.login_queue, "getRand", ["a"])
        self.assertTrue(self.entered.acquire(timeout=15))
        second = self.wire.call(self.login_queue, "getRand", ["b"])
        self.assertEqual(self.wire.reply(second), ("error", "overloaded", "test:Login is overloaded"))
        self.gate.set()
        self.assertEqual(self.wire.reply(first), ("reply", None, "a 41"))

    def test_disconnected(self):
        """A call that is out when the connection is cut ends at once, with nobody knowing what became of it."""
        caller = Node("Caller", "test:Caller", [self.broker.uri()], exchange="quiet")
        thread = threading.Thread(target=caller.run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(caller.stop)
        errors = []

        def call():
            try:
                caller.call("Login", "getRand", "x", deadline=time.monotonic() + 300)
            except CallError as error:
                errors.append(error.code)

        calling = threading.Thread(target=call)
        calling.start()
        self.assertTrue(self.entered.acquire(timeout=15))
        with self.assertLogs("mqant", "WARNING"):
            self.broker.ctl("close_all_connections", "--global", "a test cuts them")
            calling.join(15)
        self.assertEqual(errors, ["disconnected"])
        # It comes back by itself, and a call waits for that.
        self.gate.set()
        self.assertEqual(caller.call("Login", "getRand", "y"), "y 41")


if __name__ == "__main__":
    unittest.main()
