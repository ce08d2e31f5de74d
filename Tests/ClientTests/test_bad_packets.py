"""Input that is not MQTT, or not what MQTT allows: the connection ends, and nobody else notices."""

import random
import socket
import time
import unittest

from support import packets
from support.badinput import BadInputCase
from support.packets import connect, packet, publish, string, subscribe
from support.raw import Closed, RawTCP, RawWebSocket
from support.server import MAX_MESSAGE, Server

CONNECT_DEADLINE = 3  # seconds
AT_ONCE = 2  # seconds: before the CONNECT deadline could have been the reason


def setUpModule():
    BadInputCase.server = Server(connect_deadline=CONNECT_DEADLINE)
    unittest.addModuleCleanup(BadInputCase.server.stop)


class BeforeConnect(BadInputCase):
    def test_random_bytes(self):
        seed = random.randrange(2**32)
        chance = random.Random(seed)
        for turn in range(60):
            transport = self.transports[turn % 2]
            with self.subTest(seed=seed, turn=turn, transport=transport.__name__):
                raw = self.raw(transport)
                # Most of them are cut off at once; some look like the beginning of a packet, until the deadline.
                raw.send(chance.randbytes(chance.choice([1, 2, 5, 17, 300, 5000])))
                raw.packets_until_closed(CONNECT_DEADLINE + 10)

    def test_other_protocols(self):
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 512,
                     b"SSH-2.0-OpenSSH_9.2\r\n", b"AMQP\x00\x00\x09\x01", b"\0" * 64, b"\xff" * 64):
            with self.subTest(data=data[:20]):
                self.raw().send(data)
                raw = self.raw()
                self.assert_closed(raw, data, CONNECT_DEADLINE + 10)

    def test_no_connect_first(self):
        first = [publish("Login/Handler_Login/1", "{}"), packet(packets.PINGREQ), packet(packets.DISCONNECT),
                 subscribe(1, ("#", 0)), packet(packets.CONNACK, b"\0\0"), packet(0), packet(15)]
        for transport, data in self.each_transport((one,) for one in first):
            with self.subTest(transport=transport.__name__, data=data):
                self.assert_closed(self.raw(transport), data, AT_ONCE)

    def test_silence(self):
        began = time.monotonic()
        silent = []
        for transport, data in self.each_transport([(b"",), (b"\x10",), (connect()[:-1],)]):
            raw = self.raw(transport)
            if data:
                raw.send(data)
            silent.append((transport, data, raw))
        for transport, data, raw in silent:
            with self.subTest(transport=transport.__name__, data=data):
                self.assertEqual(raw.packets_until_closed(CONNECT_DEADLINE + 10), [])
                self.assertGreater(time.monotonic() - began, CONNECT_DEADLINE / 2, "it had its time")

    def test_silence_before_the_websocket_handshake(self):
        for data in (b"", b"GET / HTTP/1.1\r\nHost: x\r\nUpgr"):
            with self.subTest(data=data):
                raw = RawTCP(self.server.ws)
                self.addCleanup(raw.close)
                raw.send(data)
                raw.packets_until_closed(CONNECT_DEADLINE + 10)

    def test_wrong_protocol(self):
        for transport, name, level in self.each_transport([("MQTT", 0), ("MQTT", 3), ("MQTT", 6), ("MQTT", 99),
                                                           ("MQIsdp", 4), ("MQIsdp", 99)]):
            with self.subTest(transport=transport.__name__, name=name, level=level):
                raw = self.raw(transport)
                raw.send(connect(name=name, level=level))
                came = raw.packets_until_closed()
                # MQTT 3.1.1 §3.1.2.2: CONNACK with return code 1, and the end.
                self.assertEqual(came, [(packets.CONNACK, 0, b"\0\1")])
        for transport, name in self.each_transport([("",), ("mqtt",), ("HTTP",), ("M" * 1000,)]):
            with self.subTest(transport=transport.__name__, name=name[:9]):
                raw = self.raw(transport)
                raw.send(connect(name=name))
                came = raw.packets_until_closed()
                self.assertIn(came, ([], [(packets.CONNACK, 0, b"\0\1")]))

    def test_wrong_connect(self):
        cases = {
            "reserved flag": connect(flags=3),
            "will QoS 3": connect(flags=2 | 4 | 0x18, rest=string("w") + string("x")),
            "will flags without a will": connect(flags=2 | 8),
            "password without user name": connect(flags=2 | 0x40, rest=string("p")),
            "missing user name": connect(flags=2 | 0x80),
            "bytes left over": connect(rest=b"more"),
            "nothing in it": packet(packets.CONNECT),
            "only the name": packet(packets.CONNECT, string("MQTT")),
            "flags in the head": packet(packets.CONNECT, connect()[2:], flags=1),
            "client id is not UTF-8": connect(client=b"\xff\xfe"),
            "client id with NUL": connect(client="a\0b"),
            "client id longer than the packet": connect()[:-5] + b"\xff\xff" + b"raw",
        }
        for transport, name in self.each_transport((name,) for name in cases):
            with self.subTest(transport=transport.__name__, case=name):
                raw = self.raw(transport)
                raw.send(cases[name])
                came = raw.packets_until_closed()
                self.assertTrue(came == [] or came[0][0] == packets.CONNACK and came[0][2][1] != 0, came)


class AfterConnect(BadInputCase):
    def test_wrong_packets_end_the_connection(self):
        cases = {
            "second CONNECT": connect(),
            "QoS 3": publish("a/b", "{}", qos=3, number=1),
            "packet id 0": publish("a/b", "{}", qos=1, number=0),
            "PUBLISH without topic": packet(packets.PUBLISH),
            "empty topic": publish("", "{}"),
            "topic longer than the packet": packet(packets.PUBLISH, b"\xff\xffab"),
            "topic with #": publish("Chat/#", "{}"),
            "topic with +": publish("Chat/+/1", "{}"),
            "topic with NUL": publish("Chat/Handler_\0Say/1", "{}"),
            "topic that is not UTF-8": publish(b"Chat/\xff\xfe/1", "{}"),
            "topic with a surrogate": publish(b"Chat/\xed\xa0\x80/1", "{}"),
            "topic in overlong UTF-8": publish(b"Chat\xc0\xaf1", "{}"),
            "remaining length of five bytes": b"\x30\xff\xff\xff\xff\x01",
            "kind 0": packet(0),
            "kind 15": packet(15),
            "CONNACK from a client": packet(packets.CONNACK, b"\0\0"),
            "SUBACK from a client": packet(packets.SUBACK, b"\0\1\0"),
            "PINGRESP from a client": packet(packets.PINGRESP),
            "SUBSCRIBE with wrong flags": subscribe(1, ("#", 0), flags=0),
            "SUBSCRIBE without filters": subscribe(1),
            "SUBSCRIBE with QoS 3": subscribe(1, ("#", 3)),
            "SUBSCRIBE with id 0": subscribe(0, ("#", 0)),
            "UNSUBSCRIBE with wrong flags": packet(packets.UNSUBSCRIBE, b"\0\1" + string("a")),
            "UNSUBSCRIBE without filters": packet(packets.UNSUBSCRIBE, b"\0\1", flags=2),
            "PUBREL with wrong flags": packet(packets.PUBREL, b"\0\1"),
            "PINGREQ with a body": packet(packets.PINGREQ, b"x"),
            "PUBACK that is too short": packet(packets.PUBACK, b"\0"),
            "random bytes": random.Random(7).randbytes(2000).replace(b"\0", b"\xff"),
        }
        for transport, name in self.each_transport((name,) for name in cases):
            with self.subTest(transport=transport.__name__, case=name):
                self.assert_closed(self.raw(transport).connected(), cases[name])

    def test_truncated_and_hung_up(self):
        whole = publish("Login/Handler_Login/1", '{"userName":"x","passWord":"y"}', qos=1, number=1)
        for cut in range(1, len(whole)):
            raw = self.raw().connected()
            raw.send(whole[:cut])
            raw.socket.shutdown(socket.SHUT_WR)
            with self.subTest(cut=cut):
                self.assertEqual(raw.packets_until_closed(), [])
            raw.close()

    def test_a_slow_packet_is_waited_for(self):
        whole = publish("Nope/Handler_Nope/1", "{}")
        for transport in self.transports:
            with self.subTest(transport=transport.__name__):
                raw = self.raw(transport).connected()
                for byte in whole:
                    raw.send(bytes([byte]))
                self.assertEqual(raw.reply("Nope/Handler_Nope/1")["Error"], "Service(type:Nope) not found")

    def test_oversized(self):
        # The head alone suffices: nobody waits for a body that would not be taken.
        for transport, size in self.each_transport([(MAX_MESSAGE + 100,), (16_777_216,), (268_435_455,)]):
            with self.subTest(transport=transport.__name__, size=size):
                self.assert_closed(self.raw(transport).connected(), b"\x30" + packets.length(size) + b"\0\x03a/b")
                raw = self.raw(transport)
                self.assert_closed(raw, b"\x10" + packets.length(size), AT_ONCE)

    def test_the_largest_is_taken(self):
        topic = "Nope/Handler_Nope/1"
        payload = '"' + "x" * (MAX_MESSAGE - len(topic) - 100) + '"'
        for transport in self.transports:
            with self.subTest(transport=transport.__name__):
                raw = self.raw(transport).connected()
                self.assertEqual(raw.call(topic, payload)["Error"], "Service(type:Nope) not found")


class WebSocketHandshake(BadInputCase):
    """RFC 6455 §4.2.1: what a server must see, and what it answers where it does not."""

    RIGHT = {"Host": "x", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
             "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "mqtt"}

    def ask(self, line="GET / HTTP/1.1", body="", **changes):
        """The status and the headers. Keys of `changes` have _ for -; None leaves a header out; a list repeats it."""
        headers = dict(self.RIGHT)
        for name, value in changes.items():
            headers[name.replace("_", "-")] = value
        lines = [f"{name}: {one}" for name, value in headers.items() if value is not None
                 for one in (value if isinstance(value, list) else [value])]
        raw = RawTCP(self.server.ws)
        self.addCleanup(raw.close)
        raw.send("\r\n".join([line, *lines, "", body]).encode())
        answer = b""
        deadline = time.monotonic() + AT_ONCE
        while b"\r\n\r\n" not in answer:
            answer += raw.receive(deadline)
        head, *fields = answer.split(b"\r\n\r\n")[0].decode().split("\r\n")
        status = int(head.split()[1])
        if status != 101:
            self.assertTrue(raw.is_closed(AT_ONCE))
        return status, {name.lower(): value.strip() for name, value in (field.split(":", 1) for field in fields)}

    def test_right_ones(self):
        for changes in ({}, {"Connection": "keep-alive, Upgrade"}, {"Upgrade": "WebSocket"}, {"Sec_WebSocket_Protocol": None},
                        {"Connection": ["keep-alive", "upgrade"]}, {"Sec_WebSocket_Protocol": "chat, mqtt"},
                        {"Sec_WebSocket_Protocol": ["chat", "mqttv3.1"]}, {"line": "GET /any/path?x=1 HTTP/1.1"},
                        {"Cookie": "a" * 4096}, {"Content_Length": "0"}):
            with self.subTest(changes=changes):
                status, headers = self.ask(**changes)
                self.assertEqual(status, 101)
                self.assertEqual(headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
                if "Sec_WebSocket_Protocol" not in changes:
                    self.assertEqual(headers["sec-websocket-protocol"], "mqtt")

    def test_wrong_ones(self):
        key = "Sec_WebSocket_Key"
        cases = [
            (405, {"line": "POST / HTTP/1.1"}), (405, {"line": "HEAD / HTTP/1.1"}), (405, {"line": "PUT / HTTP/1.1"}),
            (400, {"line": "GET / HTTP/1.0"}), (400, {"Host": None}), (400, {"Host": ["x", "y"]}),
            (426, {"Upgrade": None}), (426, {"Upgrade": "h2c"}), (426, {"Connection": None}),
            (426, {"Connection": "close"}), (426, {"Connection": "keep-alive"}),
            (426, {"Sec_WebSocket_Version": None}), (426, {"Sec_WebSocket_Version": "8"}),
            (426, {"Sec_WebSocket_Version": ["13", "13"]}), (426, {"Sec_WebSocket_Version": "13, 8"}),
            (400, {key: None}), (400, {key: ""}), (400, {key: "x"}), (400, {key: "dGhlIHNhbXBsZSBub25jZQ"}),
            (400, {key: "dGhlIHNhbXBsZSBub25jZSE="}), (400, {key: "dGhlIHNhbXBsZSBub25j*Q=="}),
            (400, {key: [self.RIGHT["Sec-WebSocket-Key"]] * 2}),
            (400, {"Content_Length": "2", "body": "hi"}), (400, {"Transfer_Encoding": "chunked", "body": "0\r\n\r\n"}),
            (400, {"Sec_WebSocket_Protocol": "chat"}), (400, {"Cookie": "a" * 9000}),
            (400, {f"X_{number}": "a" for number in range(200)}),
            (400, {f"X_{number}": "a" * 8000 for number in range(5)}),
        ]
        for wanted, changes in cases:
            with self.subTest(wanted=wanted, changes=str(changes)[:80]):
                status, headers = self.ask(**changes)
                self.assertEqual(status, wanted)
                self.assertIn("close", headers["connection"].lower())
                if status == 405:
                    self.assertEqual(headers["allow"], "GET")
                if status == 426:
                    # RFC 9110 §15.5.22 and §7.8; RFC 6455 §4.2.2.
                    self.assertEqual(headers["upgrade"], "websocket")
                    self.assertIn("upgrade", headers["connection"].lower())
                    self.assertEqual(headers["sec-websocket-version"], "13")


class WebSocketFrames(BadInputCase):
    def websocket(self):
        raw = self.raw(RawWebSocket)
        self.assertTrue(raw.status.startswith("HTTP/1.1 101"), raw.status)
        return raw

    def test_sub_protocols(self):
        for protocol in ("mqtt", "mqttv3.1"):
            with self.subTest(protocol):
                raw = RawWebSocket(self.server.ws, protocol)
                self.addCleanup(raw.close)
                self.assertEqual(raw.headers.get("sec-websocket-protocol"), protocol)
                raw.connected()

    def test_packets_and_frames_need_not_fit(self):
        raw = self.websocket().connected()
        two = publish("Nope/Handler_Nope/1", "{}") + publish("Nope/Handler_Nope/2", "{}")
        raw.send(two)  # two packets in a frame
        raw.reply("Nope/Handler_Nope/1")
        raw.reply("Nope/Handler_Nope/2")
        raw.send(two[:7])  # packets over frames
        raw.send(two[7:40])
        raw.send(two[40:])
        raw.reply("Nope/Handler_Nope/1")
        raw.reply("Nope/Handler_Nope/2")
        raw.send_frame(raw.BINARY, two[:3], final=False)  # a message in fragments, a ping between them
        raw.send_frame(raw.PING, b"are you there?")
        raw.send_frame(raw.CONTINUATION, two[3:], final=True)
        raw.reply("Nope/Handler_Nope/1")
        raw.reply("Nope/Handler_Nope/2")
        self.assertEqual(raw.pongs, [b"are you there?"])

    def test_wrong_frames_end_the_connection(self):
        request = publish("Nope/Handler_Nope/1", "{}")
        cases = {
            "text": dict(kind=RawWebSocket.TEXT, data=b"hello"),
            "text that holds a packet": dict(kind=RawWebSocket.TEXT, data=request),
            "text that is not UTF-8": dict(kind=RawWebSocket.TEXT, data=b"\xff\xfe"),
            "not masked": dict(kind=RawWebSocket.BINARY, data=request, masked=False),
            "unknown kind": dict(kind=3, data=request),
            "reserved bits": dict(kind=RawWebSocket.BINARY, data=request, reserved=4),
            "continues nothing": dict(kind=RawWebSocket.CONTINUATION, data=request),
            "ping in fragments": dict(kind=RawWebSocket.PING, data=b"x", final=False),
            "long ping": dict(kind=RawWebSocket.PING, data=b"x" * 126),
            "close": dict(kind=RawWebSocket.CLOSE, data=(1000).to_bytes(2, "big")),
        }
        for before in ("CONNECT", "nothing"):
            for name, frame in cases.items():
                with self.subTest(frame=name, before=before):
                    raw = self.websocket()
                    if before == "CONNECT":
                        raw.connected()
                    raw.send_frame(**frame)
                    self.assertEqual(raw.packets_until_closed(AT_ONCE), [])

    def test_not_a_websocket(self):
        for head in ("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
                     "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n", "GET / HTTP/1.1\r\n" + "X-A: " + "a" * 200_000 + "\r\n\r\n",
                     "\0\0\0\0\r\n\r\n"):
            with self.subTest(head=head[:60]):
                raw = RawTCP(self.server.ws)
                self.addCleanup(raw.close)
                raw.send(head.encode())
                deadline = time.monotonic() + CONNECT_DEADLINE + 10
                answer = b""
                try:
                    while b"\r\n\r\n" not in answer:
                        answer += raw.receive(deadline)
                    self.assertRegex(answer, rb"^HTTP/1\.[01] 4\d\d ")
                except Closed:
                    pass
