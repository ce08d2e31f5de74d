"""Messages against the vectors of docs/wire.md, and things that are no messages."""

import json
import pathlib
import re
import threading
import time
import unittest

from pika import BasicProperties

from mqant import groups, wire
from mqant.calls import Calls
from mqant.cluster import View
from mqant.errors import CallError
from mqant.life import Names
from mqant.ownership import group_owned_by, owner_of, ranked, weight
from support.deadline import until

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
            view.claim(values["node"], values["sequence"] - 1, 4.0)
            self.assertEqual(view.choose(4.1, module_type=instance["type"]), queue, "that was before it said so")
            view.claim(values["node"], values["sequence"], 4.0)
            self.assertIsNone(view.choose(4.1, module_type=instance["type"]), "unreachable")
            self.assertEqual(view.choose(4.1, instance=instance["id"]), queue, "nowhere else to go")
            self.assertEqual(view.silences(5.0), {queue: 1.0})
            with self.assertRaises(wire.OtherVersion) as caught:
                wire.read_announcement(json.dumps({**values, "version": 3}).encode())
            self.assertEqual(caught.exception.args, (values["node"], values.get("host", ""), 3))

    def test_unreachable(self):
        values = vector("unreachable")
        self.assertEqual(wire.read_claim(json.dumps(values).encode()), (values["node"], values["sequence"]))

    def test_load(self):
        values = vector("reply-load")
        self.assertEqual(wire.read_load(properties(values)), (3, True))
        request = wire.Request("getRand", b"[]", True, "2a", "replies.n1.k1")
        self.assertEqual(wire.write_reply(request, "10.77.0.12:Login", "k8s2", load=(3, True))[0], properties(values))
        for headers in ({}, {"load": "-1"}, {"load": 3}, {"load": "many"}):
            self.assertIsNone(wire.read_load(BasicProperties(headers=headers)))
        view = View()
        view.apply({"node": "n", "sequence": 1, "instances": [
            {"id": one, "type": "T", "queue": f"{one}.q"} for one in ("a", "b")]}, 0)
        view.told_load("a", 2, False, 10.0)
        self.assertEqual({view.choose(10.9, module_type="T") for _ in range(20)}, {"b.q"})
        self.assertEqual({view.choose(11.1, module_type="T") for _ in range(200)}, {"a.q", "b.q"})

    def test_owner(self):
        values = vector("owner")
        for key, owner in values["owners"].items():
            self.assertEqual(ranked(values["instances"], key)[0], owner)
            self.assertEqual(ranked(reversed(values["instances"]), key)[0], owner)
        for key, weights in values["weights"].items():
            self.assertEqual([f"{weight(one, key):016x}" for one in values["instances"]], weights)

    def test_pushes(self):
        for name, leave_out in (("push", None), ("push-except", "00112233445566778899aabbccddeeff")):
            values = vector(name)
            headers = groups.headers(group_owned_by("Chat", "lobby"), "Chat/OnSay", 0, leave_out)
            self.assertEqual(wire.write_request(groups.PUSH, groups.encoded(b"hi"), "n2", None, headers=headers),
                             (properties(values), values["body"].encode()))
            request = wire.read_request(properties(values), values["body"].encode())
            self.assertEqual((request.function, request.headers, request.body), ("$push", headers, b"hi"))

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

    def test_pushes(self):
        for group in ("", "x" * 201, "é" * 101, "\ud800"):
            with self.subTest(group=group), self.assertRaises(CallError) as caught:
                groups.headers(group, "T", 0, None)
            self.assertEqual(caught.exception.code, "invalid-arguments")
        self.assertEqual(groups.headers("é" * 100, "T", 2, None), {"group": "é" * 100, "topic": "T", "qos": "2"})
        for topic, code in (("\ud800", "invalid-arguments"), ("x" * 130_000, "too-large")):
            with self.assertRaises(CallError) as caught:
                wire.write_request(groups.PUSH, b"", "n", 1, headers=groups.headers("g", topic, 0, None))
            self.assertEqual(caught.exception.code, code)

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
                      {"version": 2, "node": "n", "sequence": "1", "instances": []},
                      {"node": "n", "sequence": 1, "instances": [{}]},
                      {"node": "n", "sequence": 1, "instances": [7]},
                      {"version": 2, "node": "n", "sequence": 1,
                       "instances": [{"id": "a", "type": "A", "queue": "q"}] * 2}):
            with self.subTest(value=value), self.assertRaises(wire.Unreadable):
                wire.read_announcement(json.dumps(value).encode())

    def test_what_is_told_of_others(self):
        good = {"version": 2, "node": "o", "sequence": 1, "instances": []}
        for others, expected in ((None, []), (7, []), ([], []), ([None, 7, {}, good, {**good, "version": 3}], ["o"])):
            value = {"version": 2, "node": "n", "sequence": 1, "instances": [], "others": others}
            told = wire.read_announcement(json.dumps(value).encode())
            self.assertEqual([one["node"] for one in wire.others(told)], expected, others)

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

    def test_what_others_say(self):
        view = View()
        view.apply(self.announcement("one", 5, "a.1"), 0)
        view.learn(self.announcement("one", 9, "a.2"), 0)
        self.assertEqual(view.choose(0, instance="a"), "a.1", "what a node says itself counts")
        view.learn(self.announcement("two", 1, "a.3", "b.1"), 0)
        self.assertEqual((view.choose(0, instance="a"), view.choose(0, instance="b")), ("a.1", "b.1"))
        view.learn(self.announcement("three", 1, "c.1", unreachable=True), 0)
        self.assertEqual({one["id"] for one in view.live(1)}, {"a", "b"})
        self.assertEqual({one["id"] for one in view.live(None)}, {"a", "b", "c"})
        view.apply(self.announcement("three", 2, "c.1"), 1)
        self.assertEqual({one["id"] for one in view.live(1)}, {"a", "b", "c"}, "it has spoken")
        view.apply(self.announcement("two", 2, goodbye=True), 1)
        view.learn(self.announcement("two", 2, "b.1"), 1)
        self.assertIsNone(view.choose(1, instance="b"), "it has left")

    def test_where_pushes_go(self):
        def instances(*described):
            return [dict({"id": name, "type": name[0], "queue": f"{name}.q"}, **more) for name, more in described]

        def choose(group, now=0, excluding=()):
            return view.choose(now, group=group, excluding=excluding)

        view = View()
        self.assertIsNone(choose("a"))
        view.apply({"node": "old", "sequence": 1, "instances": instances(("G0", {"gate": True}), ("T0", {}))}, 0)
        self.assertIsNone(choose("a"), "who announces no generation takes no part")
        self.assertIsNone(choose("@T/a"))
        gates = [f"G{number}" for number in range(1, 4)]
        view.apply({"node": "gates", "sequence": 1, "instances": instances(
            *((name, {"gate": True, "generation": number}) for number, name in enumerate(gates)))}, 0)
        for group in ("a", "b", "user.zoe", "@T", "@T/a", "@"):
            self.assertEqual(choose(group), f"{ranked(gates, group)[0]}.q", group)
        owners = [f"T{number}" for number in range(1, 4)]
        view.apply({"node": "owners", "sequence": 1,
                    "instances": instances(*((name, {"generation": 0}) for name in owners))}, 2)
        for key in ("", "a", "b/c"):
            first, second, _ = ranked(owners, key)
            self.assertEqual(choose(group_owned_by("T", key)), f"{first}.q")
            self.assertEqual(choose(group_owned_by("T", key), excluding=[f"{first}.q"]), f"{second}.q")
        self.assertEqual(choose("a"), f"{ranked(gates, 'a')[0]}.q")
        view.claim("gates", 1, 4)
        self.assertIsNone(choose("a", now=4), "the Gates are unreachable")
        self.assertEqual(choose("@T/a", now=4), f"{ranked(owners, 'a')[0]}.q")
        self.assertEqual(owner_of("@T/b/c"), ("T", "b/c"))

    def test_the_less_busy_of_two(self):
        view = View()
        view.apply({"node": "n", "sequence": 1, "instances": [
            {"id": "a", "type": "Dice", "queue": "a.1"}, {"id": "b", "type": "Dice", "queue": "b.1"}]}, 0)
        view.told_load("a", 9, False, 0)
        view.told_load("b", 1, False, 0)
        self.assertEqual({view.choose(0, "Dice") for _ in range(20)}, {"b.1"})


class FakeLife:
    """A connection that is up, and remembers what was published."""

    def __init__(self):
        self.view, self.names, self.published = View(), Names("mqant", "", "n1", "Dice"), []

    def publish(self, key, properties, body, exchange="", mandatory=False):
        self.published.append((key, properties, body))
        return True


class PushesThatComeBack(unittest.TestCase):
    def setUp(self):
        self.life, self.calls = FakeLife(), Calls("n1", 0.1)
        self.life.view.apply({"node": "gates", "sequence": 1, "instances": [
            {"id": f"G{number}", "type": "Gate", "queue": f"G{number}.q", "gate": True, "generation": 1}
            for number in range(2)]}, time.monotonic())
        self.calls.connected(self.life)
        self.first, self.second = [f"{one}.q" for one in ranked(["G0", "G1"], "g")]

    def test_a_cast_goes_to_the_next_one(self):
        self.calls.cast({"group": "g"}, groups.PUSH, b"hi", groups.headers("g", "T", 0, None))
        for queue in (self.first, self.second):
            key, sent, body = self.life.published.pop()
            self.assertEqual((key, sent.type, sent.reply_to, sent.headers, body),
                             (queue, "$push", None, {"group": "g", "topic": "T"}, b"hi"))
            self.calls.returned(key, sent, body)
        self.assertEqual(self.life.published, [], "nobody is left")

    def test_a_call_goes_to_the_next_one(self):
        answers = []
        calling = threading.Thread(target=lambda: answers.append(self.calls.call(
            {"group": "g"}, groups.PUSH, b"", time.monotonic() + 30, groups.headers("g", "", 0, None))))
        calling.start()
        until("the push", lambda: self.life.published)
        key, sent, body = self.life.published.pop()
        self.assertEqual(key, self.first)
        self.calls.returned(key, sent, body)
        until("the push again", lambda: self.life.published)
        key, sent, body = self.life.published.pop()
        self.assertEqual(key, self.second)
        self.calls.received(
            BasicProperties(type="reply", content_type=wire.JSON, correlation_id=sent.correlation_id), b"true")
        calling.join(10)
        self.assertEqual(answers, [True])

    def test_nobody_is_there(self):
        self.life.view.remove(self.first)
        self.life.view.remove(self.second)
        with self.assertLogs("mqant", "WARNING"):
            self.calls.cast({"group": "g"}, groups.PUSH, b"hi", groups.headers("g", "T", 0, None))
        self.assertEqual(self.life.published, [])


if __name__ == "__main__":
    unittest.main()
