"""The demo as README describes it, with paho-mqtt over TCP: MQTT 3.1 and 3.1.1."""

import json
import unittest

import paho.mqtt.client as mqtt

from support.player import Player, numbers
from support.server import Server

JOIN, SAY, LEAVE = "Chat/Handler_JoinChat", "Chat/Handler_Say", "Chat/Handler_LeaveChat"


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


class Demo:
    """The tests; the classes below say over which protocol."""

    protocol = None

    def player(self, name=None, **options):
        player = Player(server.tcp, name, protocol=self.protocol, **options)
        self.addCleanup(player.close)
        return player

    def room(self):
        return f"room-{next(numbers)}"

    def test_talk(self):
        room, ada, bob = self.room(), self.player("ada"), self.player("bob")
        ada.join(room)
        ada.expect("Chat/OnJoin", roomName=room, userName="ada")
        bob.join(room)
        for one in (ada, bob):
            one.expect("Chat/OnJoin", roomName=room, userName="bob")
        ada.say(room, "hello, 世界 \U0001f44b \"quoted\" <b>")
        for one in (ada, bob):
            one.expect("Chat/OnSay", roomName=room, userName="ada", say="hello, 世界 \U0001f44b \"quoted\" <b>")
        self.assertEqual(bob.call(LEAVE, roomName=room)[1], "")
        ada.expect("Chat/OnLeave", roomName=room, userName="bob")
        ada.say(room, "alone")
        ada.expect("Chat/OnSay", roomName=room, userName="ada", say="alone")
        self.assertNotIn("alone", [push["say"] for push in bob.pushes("Chat/OnSay")])

    def test_a_lost_connection_leaves_the_room(self):
        room, ada = self.room(), self.player("ada")
        ada.join(room)
        for end in ("close", "vanish"):
            with self.subTest(end):
                bob = self.player("bob")
                bob.join(room)
                getattr(bob, end)()
                ada.expect("Chat/OnLeave", roomName=room, userName="bob")

    def test_rooms_are_apart(self):
        here, there, ada, bob = self.room(), self.room(), self.player("ada"), self.player("bob")
        ada.join(here)
        bob.join(there)
        ada.say(here, "only here")
        ada.expect("Chat/OnSay", roomName=here, userName="ada", say="only here")
        bob.say(there, "only there")
        bob.expect("Chat/OnSay", roomName=there, userName="bob", say="only there")
        self.assertEqual([push["say"] for push in bob.pushes("Chat/OnSay")], ["only there"])

    def test_errors_of_the_chat(self):
        room, stranger, ada, bob = self.room(), self.player(), self.player("ada"), self.player("bob")
        ada.join(room)
        for player, route, arguments, text in [
            (stranger, JOIN, {"roomName": room}, "Not Logined"),
            (stranger, SAY, {"roomName": room, "say": "x"}, "Not Logined"),
            (stranger, LEAVE, {"roomName": room}, "Not Logined"),
            (ada, JOIN, {"roomName": room}, "Already in this chat room"),
            (ada, JOIN, {}, "roomName cannot be nil"),
            (ada, SAY, {"roomName": room}, "roomName or say cannot be nil"),
            (ada, SAY, {"say": "x"}, "roomName or say cannot be nil"),
            (bob, SAY, {"roomName": "room-nobody", "say": "x"}, "No room"),
            (bob, SAY, {"roomName": room, "say": "x"}, "You haven't been in the room yet"),
            (bob, LEAVE, {"roomName": room}, "You haven't been in the room yet"),
        ]:
            with self.subTest(route=route, text=text, arguments=arguments):
                self.assertEqual(player.call(route, **arguments)[1], text)
        self.assertEqual(ada.pushes("Chat/OnSay"), [])

    def test_errors_of_the_gate(self):
        ada = self.player("ada")
        shape = "Topic must be [serverType]/[handler]|[serverType]/[handler]/[msgid]"
        for topic, payload, text in [
            ("Chat", "{}", shape),
            ("Chat/Handler_Say/1/2", "{}", shape),
            ("Chat/Handler_Say/e1", "not json", "body must be JSON format"),
            ("Chat/Handler_Say/e2", "", "body must be JSON format"),
            ("Nope/Handler_Say/e3", "{}", "Service(type:Nope) not found"),
            ("Login/getRand/e4", "{}", "Method(getRand) must begin with 'Handler_'"),
            ("Chat/Handler_Nope/e5", "{}", "Remote function(Handler_Nope) not found"),
        ]:
            with self.subTest(topic=topic):
                self.assertEqual(ada.request(topic, payload)["Error"], text)

    def test_without_message_id_nothing_comes_back(self):
        room, ada = self.room(), self.player("ada")
        ada.join(room)
        ada.publish(SAY, json.dumps({"roomName": room, "say": "quiet"}))
        ada.publish(SAY, json.dumps({"roomName": room}))
        ada.expect("Chat/OnSay", roomName=room, userName="ada", say="quiet")
        ada.say(room, "after")  # one session is served in order: a reply to the former would have come by now
        self.assertEqual(ada.pushes(SAY), [])

    def test_every_quality_of_service(self):
        room, ada, bob = self.room(), self.player("ada"), self.player("bob")
        ada.join(room)
        bob.join(room)
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                ada.say(room, f"by {qos}", qos=qos)
                bob.expect("Chat/OnSay", roomName=room, userName="ada", say=f"by {qos}")
        ada.say(room, "end")
        bob.expect("Chat/OnSay", roomName=room, userName="ada", say="end")
        said = [push["say"] for push in bob.pushes("Chat/OnSay")]
        self.assertEqual(said, ["by 0", "by 1", "by 2", "end"], "each exactly once")

    def test_one_session_is_served_in_order(self):
        room, ada, bob = self.room(), self.player("ada"), self.player("bob")
        ada.join(room)
        bob.join(room)
        texts = [f"{qos}/{number}" for qos in (0, 1) for number in range(200)]
        for text in texts:
            ada.mqtt.publish(SAY, json.dumps({"roomName": room, "say": text}), qos=int(text[0]))
        bob.expect("Chat/OnSay", roomName=room, userName="ada", say=texts[-1])
        self.assertEqual([push["say"] for push in bob.pushes("Chat/OnSay")], texts)

    def test_subscribing_is_answered_and_doubles_nothing(self):
        room, ada, bob = self.room(), self.player("ada"), self.player("bob")
        answers = []
        ada.mqtt.on_subscribe = lambda client, userdata, number, codes, properties: ada._set(
            lambda: answers.append([code.value for code in codes]))
        ada.mqtt.subscribe([("#", 0), ("Chat/+", 1), ("Chat/OnSay", 2)])
        ada.wait("SUBACK", lambda: bool(answers))
        self.assertEqual(len(answers[0]), 3, "a code per filter")
        ada.join(room)
        bob.join(room)
        for text in ("one", "two"):
            bob.say(room, text)
            ada.expect("Chat/OnSay", roomName=room, userName="bob", say=text)
        self.assertEqual([push["say"] for push in ada.pushes("Chat/OnSay")], ["one", "two"])

    def test_a_client_id_has_one_connection(self):
        name = f"client-{next(numbers)}"
        first = self.player("ada", client_id=name)
        second = self.player("ada", client_id=name)
        first.wait("the end of the older connection", lambda: first.connected is False)
        second.join(self.room())

    def test_many_at_once(self):
        room = self.room()
        players = [self.player(f"p{number}") for number in range(20)]
        for player in players:
            player.join(room)
        for player in players:
            player.publish(SAY, json.dumps({"roomName": room, "say": "all"}))
        for player in players:
            player.wait("20 messages", lambda: len(player.pushes("Chat/OnSay")) == 20)
        orders = {tuple(push["userName"] for push in player.pushes("Chat/OnSay")) for player in players}
        self.assertEqual(len(orders), 1, "every member sees one order")


class OverMQTT31(Demo, unittest.TestCase):
    protocol = mqtt.MQTTv31


class OverMQTT311(Demo, unittest.TestCase):
    protocol = mqtt.MQTTv311
