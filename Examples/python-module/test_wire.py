"""Messages against the vectors of docs/wire.md, and things that are no messages."""

import json
import pathlib
import re
import unittest

from pika import BasicProperties

from mqant import wire
from mqant.cluster import View
from mqant.errors import CallError

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/wire.md"


def vector(name):
    found = re.search(rf"```json vector {name}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return json.loads(found.group(1))


def properties(values):
    names = ("type", "content_type", "correlation_id", "reply_to", "expiration", "app_id", "headers")
    return BasicProperties(**{name: values[name] for name in names if name in values})


class Vectors(unittest.TestCase):
    def test_request(self):
        values = vector("request")
        request = wire.read_request(properties(values), values["body"].encode())
        self.assertEqual((request.function, request.arguments()), ("getRand", ["abc"]))
        self.assertEqual((request.correlation_id, request.reply_to, request.milliseconds),
                         ("2a", "replies.n1.k1", 10000))
        self.assertEqual(wire.write_request("getRand", ["abc"], "n1", 10000, "replies.n1.k1", "2a"),
                         (properties(values), values["body"].encode()))

    def test_reply_and_error(self):
        values = vector("reply")
        self.assertEqual(wire.read_reply(properties(values), values["body"].encode()), "k8s2")
        request = wire.Request("getRand", b"[]", True, correlation_id="2a")
        self.assertEqual(wire.write_reply(request, "10.77.0.12:Login", "k8s2"),
                         (properties(values), values["body"].encode()))
        values = vector("error")
        with self.assertRaises(CallError) as caught:
            wire.read_reply(properties(values), values["body"].encode())
        self.assertEqual((caught.exception.code, caught.exception.text), ("remote", "Not Logined"))
        request.correlation_id = "2b"
        self.assertEqual(wire.write_reply(request, "10.77.0.12:Login", error=CallError("remote", "Not Logined")),
                         (properties(values), values["body"].encode()))

    def test_session(self):
        text = json.dumps(vector("session"))
        request = wire.read_request(BasicProperties(type="f", content_type=wire.JSON, headers={"session": text}), b"[]")
        self.assertEqual((request.session["Serverid"], request.session["Userid"]), ("10.77.0.11:Gate", "zoe"))

    def test_announcements(self):
        for name, queue in (("announcement", "calls.10.77.0.12:Chat.k3-1"), ("announcement-least", "amq.gen-1")):
            values = vector(name)
            read = wire.read_announcement(json.dumps(values).encode())
            self.assertEqual(read, values)
            view = View()
            self.assertTrue(view.apply(read, now=1.0))
            instance = values["instances"][0]
            self.assertEqual(view.choose(3.9, module_type=instance["type"]), queue)
            self.assertEqual(view.choose(3.9, instance=instance["id"]), queue)
            self.assertIsNone(view.choose(4.1, module_type=instance["type"]), "silent for three seconds")
            self.assertEqual(view.choose(4.1, instance=instance["id"]), queue, "nowhere else to go")

    def test_gone(self):
        values = vector("gone")
        self.assertEqual(wire.read_gone(json.dumps(values).encode()), values["queues"])


class NoMessages(unittest.TestCase):
    def test_requests(self):
        good = dict(type="roll", content_type=wire.JSON)
        for change, body in (({"content_type": None}, b"[]"), ({"content_type": "text/plain"}, b"[]"),
                             ({"type": None}, b"[]"),
                             ({"headers": {"session": "{"}}, b"[]"), ({"headers": {"session": "[]"}}, b"[]"),
                             ({"headers": {"session": '{"Sessionid":"x"}'}}, b"[]"),
                             ({"headers": {"session": "[" * 100000}}, b"[]"),
                             ({}, b"x" * (wire.MAXIMUM_BODY + 1))):
            with self.subTest(change=change, size=len(body)), self.assertRaises(wire.Unreadable):
                wire.read_request(BasicProperties(**{**good, **change}), body)
        self.assertIsNone(wire.read_request(BasicProperties(), b""), "a probe")

    def test_arguments(self):
        for body in (b"", b"{}", b"7", b'"x"', b"null", b"[1", b"\xff\xfe", b"[" * 100000):
            request = wire.read_request(BasicProperties(type="roll", content_type=wire.JSON), body)
            with self.subTest(body=body[:9]), self.assertRaises(CallError) as caught:
                request.arguments()
            self.assertEqual(caught.exception.code, "invalid-arguments")

    def test_milliseconds(self):
        for header, expiration, expected in (
            ("250", "900", 250), (250, None, 250), (None, "900", 900), (None, None, None), ("soon", "900", 900),
            (None, "-5", None), (None, "0", None), (None, "9" * 40, None),
        ):
            headers = {} if header is None else {"timeout": header}
            request = wire.read_request(
                BasicProperties(type="f", content_type=wire.JSON, expiration=expiration, headers=headers), b"[]")
            self.assertEqual(request.milliseconds, expected, (header, expiration))

    def test_results(self):
        request = wire.Request("f", b"[]", True)
        for result in (object(), float("nan"), {1: {2}}):
            written, body = wire.write_reply(request, "x", result)
            self.assertEqual((written.type, written.headers["error-code"]), ("error", "invalid-result"))
        written, body = wire.write_reply(request, "x", "x" * wire.MAXIMUM_BODY)
        self.assertEqual((written.type, written.headers["error-code"]), ("error", "too-large"))

    def test_announcements(self):
        for value in (None, [], {}, {"node": "n"}, {"node": "n", "sequence": 1},
                      {"node": "", "sequence": 1, "instances": []},
                      {"node": "n", "sequence": "1", "instances": []}, {"node": "n", "sequence": 1, "instances": [{}]},
                      {"node": "n", "sequence": 1, "instances": [7]},
                      {"node": "n", "sequence": 1, "instances": [{"id": "a", "type": "A", "queue": "q"}] * 2}):
            with self.subTest(value=value), self.assertRaises(wire.Unreadable):
                wire.read_announcement(json.dumps(value).encode())


    def test_gone(self):
        for value in (None, [], {}, {"node": "n"}, {"queues": "q"}, {"queues": [7]}, {"queues": [""]}):
            with self.subTest(value=value), self.assertRaises(wire.Unreadable):
                wire.read_gone(json.dumps(value).encode())


class Views(unittest.TestCase):
    @staticmethod
    def announcement(node, sequence, *queues, **more):
        instances = [{"id": queue.split(".")[0], "type": "Dice", "queue": queue} for queue in queues]
        return dict(more, node=node, sequence=sequence, instances=instances)

    def test_who_is_there(self):
        view = View()
        self.assertTrue(view.apply(self.announcement("one", 5, "a.1"), 0))
        self.assertFalse(view.apply(self.announcement("one", 4), 0), "older")
        self.assertEqual(view.choose(0, "Dice"), "a.1")
        self.assertTrue(view.apply(self.announcement("two", 1, "a.2"), 0), "the Id has moved")
        self.assertEqual(view.choose(0, instance="a"), "a.2")
        view.remove("a.2")
        self.assertIsNone(view.choose(0, "Dice"))
        view.apply(self.announcement("two", 2, "a.3"), 0)
        self.assertEqual(view.choose(0, "Dice"), "a.3")
        self.assertIsNone(view.choose(0, "Dice", excluding=["a.3"]))
        view.apply(self.announcement("two", 3, goodbye=True), 0)
        view.apply(self.announcement("two", 2, "a.3"), 0)
        self.assertIsNone(view.choose(0, "Dice"), "a goodbye may overtake nothing, and is the last word")

    def test_the_less_busy_of_two(self):
        view = View()
        view.apply({"node": "n", "sequence": 1, "instances": [
            {"id": "a", "type": "Dice", "queue": "a.1", "load": 9},
            {"id": "b", "type": "Dice", "queue": "b.1", "load": 1}]}, 0)
        self.assertEqual({view.choose(0, "Dice") for _ in range(20)}, {"b.1"})


if __name__ == "__main__":
    unittest.main()
