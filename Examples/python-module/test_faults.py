"""What breaks: processes that end, brokers that go, messages that are none."""

import json
import random
import signal
import socket
import threading
import time
import unittest

import pika

import rig
from faultcase import NOBODY, FaultCase


def setUpModule():
    FaultCase.broker = rig.Broker()
    unittest.addModuleCleanup(FaultCase.broker.remove)
    FaultCase.server = rig.ServerAtBroker(FaultCase.broker)
    unittest.addModuleCleanup(FaultCase.server.stop)
    Unreachable.begin()


class Processes(FaultCase):
    def test_stopped_in_order(self):
        """Of two, one gets SIGTERM while clients call: no call fails, nothing is late, nobody finds it afterwards."""
        first, second = self.new_dice(instance="first:Dice"), self.new_dice(instance="second:Dice")
        self.until_it_rolls()
        topics = [f"Dice/Handler_Roll/{number}" for number in range(200)]
        for number, topic in enumerate(topics):
            self.player.publish(topic, '{"sides": 6}')
            if number == 100:
                first.signal(signal.SIGTERM)
        self.player.wait("all answers", lambda: set(topics) <= {topic for topic, _ in self.player.messages}, 60)
        errors = [json.loads(payload)["Error"] for topic, payload in self.player.messages if topic in topics]
        self.assertEqual([error for error in errors if error], [])
        said = first.errors()
        self.assertEqual(first.process.returncode, 0, said)
        self.assertNotIn("Traceback", said)
        self.wire.wait("the goodbye", lambda: any(
            body.get("goodbye") and body["host"] == first.host for _, body in self.wire.announced))
        second.stop()
        self.assertEqual(self.roll(), (None, NOBODY))

    def test_one_id_twice(self):
        first = self.new_dice()
        second = self.new_dice(expect=False)
        began = time.monotonic()
        said = second.errors()
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(second.process.returncode, 1, said)
        self.assertRegex(said, r"test:Dice is served already, by the node [0-9a-f-]{36} on host " + first.host)
        self.assert_rolls()

    def test_one_that_was_taken_over(self):
        """Another process has its Id without the lock, for it did not answer. It gives way, until that one goes."""
        dice = self.new_dice()

        def announce(sequence, goodbye=False):
            one = {"id": "test:Dice", "type": "Dice", "queue": self.wire.reply_queue, "rank": 2}
            body = {"version": 2, "node": self.wire.name, "sequence": sequence, "goodbye": goodbye, "instances": [one]}
            self.wire.publish("", pika.BasicProperties(type="member", app_id=self.wire.name),
                              json.dumps(body).encode(), "mqant.nodes")

        def serves():
            self.wire.announced.clear()
            self.wire.ask()
            bodies = self.wire.wait("an answer", lambda: [
                body for _, body in self.wire.announced if body.get("host") == dice.host] or None)
            return any(one["id"] == "test:Dice" for one in bodies[-1]["instances"])

        self.assertTrue(serves())
        announce(1)
        self.wire.wait("it gives way", lambda: not serves())
        self.wire.wait("so does the lock", lambda: "lock.test:Dice" not in self.broker.ctl("list_queues", "name").split())
        self.assertFalse(serves())
        announce(2, goodbye=True)
        self.wire.wait("it is back", serves)
        self.wire.wait("with the lock", lambda: "lock.test:Dice" in self.broker.ctl("list_queues", "name").split())
        self.assertIn("on standby", dice.stop())

    def test_no_broker(self):
        """It waits for a broker, and ends in order while it waits."""
        dice = self.new_dice(uri="amqp://someone:secret@127.0.0.1:1/", expect=False)
        line = dice.process.stderr.readline()
        self.assertRegex(line, "no connection to RabbitMQ at 127.0.0.1:1'/'.*Connection refused")
        self.assertNotIn("secret", line + dice.stop())

    def test_what_is_no_broker_is_told_of_once(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            dice = self.new_dice(uri=f"amqp://someone:secret@127.0.0.1:{listener.getsockname()[1]}/", expect=False)
            for _ in range(4):
                connection, _ = listener.accept()
                with connection:
                    connection.settimeout(30)
                    self.assertEqual(connection.recv(8)[:4], b"AMQP")
            self.assertEqual(dice.stop().count("no connection to RabbitMQ"), 1)

    def test_a_uri_that_is_none(self):
        for uri in ("broker", "amqp://someone@h/", "amqp://u:secret@h:port/", "amqp://u:secret@h/?x=1",
                    "http://u:secret@h/"):
            dice = self.new_dice(uri=uri, expect=False)
            said = dice.errors()
            self.assertEqual(dice.process.returncode, 2, said)
            self.assertRegex(said, r"dice.py: error: the URI of a broker is amqp://user:password@host")
            self.assertNotIn("secret", said)

    def test_refused_login(self):
        dice = self.new_dice(uri=self.broker.uri("nobody", "secret"), expect=False)
        line = dice.process.stderr.readline()
        self.assertRegex(line, r"no connection to RabbitMQ at 127\.0\.0\.1:.*(ProbableAuthenticationError|ACCESS_REFUSED)")
        self.assertNotIn("secret", line + dice.stop())


class Brokers(FaultCase):
    def test_killed_and_started(self):
        dice = self.new_dice()
        self.until_it_rolls()
        self.broker.kill()
        before = len(self.player.messages)
        self.player.publish("Dice/Handler_Roll/broken", '{"sides": 6}')

        def answer():
            return next((payload for topic, payload in self.player.messages[before:] if "/broken" in topic), None)

        self.assertNotEqual(json.loads(self.player.wait("an answer", answer, 15))["Error"], "")
        self.broker.start()
        self.until_it_rolls()
        self.assert_rolls()
        self.assertIsNone(dice.process.poll(), "the same process")
        # It takes its lock again, too.
        wire = rig.Wire(self.broker.uri())
        self.addCleanup(wire.close)
        wire.wait("the lock", lambda: "lock.test:Dice" in self.broker.ctl("list_queues", "name").splitlines())
        dice.stop()


class Deletions(FaultCase):
    def test_a_lock_and_exchanges(self):
        """What an operator deletes is there again; the Id stays with who has it."""
        dice = self.new_dice()
        self.until_it_rolls()
        self.broker.ctl("delete_queue", "lock.test:Dice")
        self.wire.wait("the lock", lambda: "lock.test:Dice" in self.broker.ctl("list_queues", "name").splitlines())
        with pika.BlockingConnection(pika.URLParameters(self.broker.uri())) as connection:
            channel = connection.channel()
            channel.exchange_delete("mqant.nodes")
            # Back before anybody noticed, without any binding.
            channel.exchange_declare("mqant.nodes", "fanout", durable=True)
        late = self.new_dice(instance="late:Dice", expect=False)

        def bindings():
            lines = self.broker.ctl("list_bindings", "source_name", "destination_name").splitlines()
            return sum(line.startswith("mqant.nodes\t") for line in lines)

        # The Gate's node, this Dice, the late one; not the rig, which looks after nothing.
        self.wire.wait("all are bound", lambda: bindings() == 3, 30)
        self.until_it_rolls()
        self.assertIsNone(dice.process.poll())
        self.assertNotIn("no connection", late.stop() + dice.stop(), "nobody reconnects")


class Garbage(FaultCase):
    def test_on_all_its_queues(self):
        dice = self.new_dice()
        chance = random.Random(7)
        names = [line for line in self.broker.ctl("list_queues", "name").splitlines()]
        node = next(body["node"] for _, body in self.wire.announced if body["host"] == dice.host)
        queues = [name for name in names if node in name or name == dice.queue]
        self.assertEqual(len(queues), 3, queues)
        bodies = [b"", b"\0", b"[", b"null", b"{}", b"[1,2", b"\xff" * 50, b"[" * 100_000, chance.randbytes(3000),
                  b"x" * (9 * 1024 * 1024)]
        for queue in queues:
            for body in bodies:
                for values in ({}, {"content_type": "application/json"}, {"content_type": "text/plain", "type": "roll"},
                               {"content_type": "application/json", "type": "roll"},
                               {"content_type": "application/json", "type": "member"},
                               {"content_type": "application/json", "type": "reply", "correlation_id": "nobody's"},
                               {"content_type": "application/vnd.mqant.batch", "type": "roll"},
                               {"content_type": "application/json", "type": "error",
                                "headers": {"error-code": 7, "session": [1]}},
                               {"content_type": "application/json", "type": "roll", "expiration": "5",
                                "headers": {"timeout": -1, "session": "{}", "x": {"y": [None, True, -1]}}}):
                    if len(body) < 1_000_000 or len(values) < 2:
                        self.wire.publish(queue, pika.BasicProperties(**values), body)
        self.assertEqual(self.wire.reply(self.wire.call(dice.queue, "roll", [6]))[0], "reply")
        # On a busy machine it may have heard nobody else for long, with all of that to read.
        self.until_it_rolls()
        self.assertIsNone(dice.process.poll())
        self.assertIn("dropped a message", dice.stop())
        self.assertEqual(self.wire.returned, [])

    def test_no_reply_to_and_a_queue_that_is_not_there(self):
        dice = self.new_dice()
        self.wire.call(dice.queue, "roll", ["x"], wants_reply=False)
        self.wire.call(dice.queue, "roll", [6], reply_to="no such queue")
        self.wire.call(dice.queue, "roll", [6], reply_to="x" * 255, correlation_id=None)
        self.assertEqual(self.wire.reply(self.wire.call(dice.queue, "roll", [6]))[0], "reply")
        # For a client whose Gate is not there: its own error, as the function's.
        session = json.dumps({"Sessionid": "00" * 16, "Serverid": "127.0.0.1:Gate", "Userid": "zoe"})
        call = self.wire.call(dice.queue, "Handler_Roll", [{"sides": 6}], headers={"session": session})
        kind, code, text = self.wire.reply(call)
        self.assertEqual(kind, "error", "the Gate has no such session")
        self.assert_rolls()


class Unreachable(FaultCase):
    """What takes the 30 s of a start that fails begins before the other tests, and is looked at after them."""

    @classmethod
    def begin(cls):
        cls.began = time.monotonic()
        cls.dice = rig.DiceProcess(None, uri="amqp://someone:secret@127.0.0.1:1/", expect=False)
        cls.waiter = threading.Thread(target=cls.wait_for_its_end)
        cls.waiter.start()
        unittest.addModuleCleanup(cls.waiter.join)
        unittest.addModuleCleanup(cls.dice.process.kill)

    @classmethod
    def wait_for_its_end(cls):
        cls.said = cls.dice.errors(120)
        cls.ended = time.monotonic()

    def test_status_1_after_thirty_seconds(self):
        self.waiter.join()
        self.assertEqual(self.dice.process.returncode, 1, self.said)
        self.assertGreater(self.ended - self.began, 29, "the broker may come later")
        self.assertLess(self.ended - self.began, 45)
        last = self.said.splitlines()[-1]
        self.assertRegex(last, r"^dice: cannot use RabbitMQ at 127\.0\.0\.1:1'/': ")
        self.assertNotIn("secret", self.said)


if __name__ == "__main__":
    unittest.main()
