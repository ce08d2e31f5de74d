"""Packets that MQTT allows but no module can serve: each is answered by a clear error, or the connection ends."""

import json
import unittest

from support.badinput import BadInputCase
from support.packets import publish
from support.raw import Closed
from support.server import Server

NOT_JSON = "body must be JSON format"
LOGIN, JOIN, SAY, LEAVE = (f"{route}/7" for route in (
    "Login/Handler_Login", "Chat/Handler_JoinChat", "Chat/Handler_Say", "Chat/Handler_LeaveChat"))


def setUpModule():
    BadInputCase.server = Server()
    unittest.addModuleCleanup(BadInputCase.server.stop)


class Payloads(BadInputCase):
    def test_not_json(self):
        cases = [b"", b" ", b"hello", b"{", b"}", b"{}{}", b"{'a':1}", b'{"a":1,}', b"[1,]", b"NaN", b"01", b"+1", b"tru",
                 b'"open', b'"\x01"', b'"\\x"', b'"\\ud8"', b"\xff\xfe{}", b'"\xff"', b'{"userName":"a"', b"\0", b"{}\0",
                 b"\xef\xbb\xbf{}", b"1e", b"-", b".5", b"//x\n{}"]
        for transport, data in self.each_transport((case,) for case in cases):
            with self.subTest(transport=transport.__name__, data=data):
                self.assert_error(self.raw(transport).connected(), LOGIN, data, NOT_JSON)

    def test_json_of_another_shape(self):
        cases = ['[1]', '"x"', '7', 'null', 'true', '[]', '{"roomName":7}', '{"roomName":null}', '{"roomName":["a"]}',
                 '{"roomName":{"a":1}}', '{"roomName":true}', '{"userName":7,"passWord":8}', '{"roomName":"r","say":7}',
                 '1e999', '123456789012345678901234567890', '-0.0', '{"":""}']
        for transport, topic, data in self.each_transport((topic, case) for topic in (LOGIN, JOIN, SAY) for case in cases):
            if topic == JOIN and data == '{"roomName":"r","say":7}':
                continue  # a room's name is all that this one asks for
            with self.subTest(transport=transport.__name__, topic=topic, data=data):
                self.assert_error(self.raw(transport).logged_in("eve"), topic, data)

    def test_missing_fields(self):
        raw = self.raw().logged_in("eve")
        for topic, data, text in [(JOIN, "{}", "roomName cannot be nil"), (SAY, "{}", "roomName or say cannot be nil"),
                                  (SAY, '{"roomName":"r"}', "roomName or say cannot be nil"),
                                  (SAY, '{"say":"r"}', "roomName or say cannot be nil")]:
            with self.subTest(topic=topic, data=data):
                self.assert_error(raw, topic, data, text)

    def test_deep_nesting(self):
        deep = 100_000
        cases = {
            "arrays": "[" * deep + "]" * deep, "objects": '{"a":' * (deep // 4) + "1" + "}" * (deep // 4),
            "never closed": "[" * deep, "one too many": "[" * 513 + "]" * 513,
            "in a field": '{"roomName":' + "[" * deep + "]" * deep + "}",
        }
        for transport, name in self.each_transport((name,) for name in cases):
            with self.subTest(transport=transport.__name__, case=name):
                self.assert_error(self.raw(transport).logged_in("eve"), JOIN, cases[name], NOT_JSON)
        # What is allowed reaches the handler, which then does not like its shape.
        reply = self.raw().logged_in("eve").call(JOIN, "[" * 512 + "]" * 512)
        self.assertTrue(reply["Error"])
        self.assertNotEqual(reply["Error"], NOT_JSON)

    def test_bad_requests_without_message_id_are_dropped(self):
        raw = self.raw().logged_in("eve")
        for data in ("nonsense", "[1]", '{"roomName":7}', "[" * 100_000):
            raw.send(publish("Chat/Handler_Say", data))
        self.assertEqual(raw.call("Nope/Handler_Nope/1", "{}")["Error"], "Service(type:Nope) not found")

    def test_long_names(self):
        long = "n" * 10_000
        for transport in self.transports:
            with self.subTest(transport=transport.__name__):
                raw = self.raw(transport).connected()
                reply = raw.call(LOGIN, json.dumps({"userName": long, "passWord": long}))
                if not reply["Error"]:
                    self.assertEqual(reply["Result"], f"login success {long}")
                raw = self.raw(transport).logged_in("eve")
                reply = raw.call(JOIN, json.dumps({"roomName": long}))
                if not reply["Error"]:
                    self.assertEqual(reply["Result"], "join success")
                    self.assertEqual(raw.call(SAY, json.dumps({"roomName": long, "say": long}))["Error"], "")

    def test_odd_texts_arrive_as_they_are(self):
        room = "\u0000\u2028 \U0001f4a9 ../../x' OR 1=1; -- \\ \" </script>"
        raw = self.raw().logged_in("eve")
        self.assertEqual(raw.call(JOIN, json.dumps({"roomName": room}))["Error"], "")
        raw.send(publish("Chat/Handler_Say", json.dumps({"roomName": room, "say": room})))
        self.assertEqual(raw.reply("Chat/OnSay"), {"roomName": room, "userName": "eve", "say": room})

    def test_a_field_twice(self):
        self.assert_answer_or_close(self.raw().logged_in("eve"), JOIN, '{"roomName":"a","roomName":"b"}')


class Topics(BadInputCase):
    def test_wrong_shapes(self):
        text = "Topic must be [serverType]/[handler]|[serverType]/[handler]/[msgid]"
        for topic in ("Chat", "a/b/c/d", "a/b/c/d/e/f"):
            with self.subTest(topic=topic):
                self.assert_error(self.raw().connected(), topic, "{}", text)

    def test_names_of_nothing(self):
        cases = ["/", "//", "///", "/Handler_Say/1", "Chat//1", "Chat/Handler_Say/", " /Handler_Say/1", "chat/Handler_Say/1",
                 "Chat/handler_Say/1", "Chat/Handler_/1", "Gate/Push/1", "Gate/Handler_Push/1", "Chat/getRand/1",
                 "$SYS/Handler_x/1", "Chat/Handler_Say\u202e/1", "\U0001f4a9/Handler_\U0001f4a9/\U0001f4a9"]
        for topic in cases:
            with self.subTest(topic=topic):
                raw = self.raw().logged_in("eve")
                raw.send(publish(topic, '{"roomName":"r","say":"s"}'))
                raw.send(publish("Nope/Handler_Nope/1", "{}"))
                # Whatever became of the former, the session goes on, or has ended cleanly.
                try:
                    self.assertEqual(raw.reply("Nope/Handler_Nope/1")["Error"], "Service(type:Nope) not found")
                except Closed:
                    pass

    def test_internal_functions_cannot_be_called(self):
        raw = self.raw().logged_in("eve")
        for topic in ("Gate/Push/1", "Gate/Kick/1", "Gate/Bind/1", "Gate/Close/1", "Login/getRand/1"):
            with self.subTest(topic=topic):
                name = topic.split("/")[1]
                self.assert_error(raw, topic, "[]", f"Method({name}) must begin with 'Handler_'")

    def test_longest(self):
        for transport, topic in self.each_transport([
            ("t" * 65_535,), ("Chat/Handler_Say/" + "7" * 65_518,), ("Chat/Handler_" + "x" * 65_520 + "/1",),
            ("T" * 65_520 + "/Handler_Say/12",), ("/" * 65_535,),
        ]):
            self.assertEqual(len(topic), 65_535)
            with self.subTest(transport=transport.__name__, topic=topic[:20]):
                raw = self.raw(transport).connected()
                self.assert_answer_or_close(raw, topic, "{}")
