"""MQTT.js in Node, over TCP and WebSocket, MQTT 3.1 and 3.1.1."""

import json
import os
import pathlib
import subprocess
import unittest

from support.player import numbers
from support.server import HOST, Server

SCRIPT = pathlib.Path(__file__).with_name("mqttjs_talk.js")


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


class MQTTjs(unittest.TestCase):
    def talk(self, url, name, version):
        room = f"room-{next(numbers)}"
        done = subprocess.run(
            ["node", str(SCRIPT), url, name, str(version), room], capture_output=True, text=True, timeout=60,
            env=dict(os.environ, NODE_PATH="/usr/share/nodejs"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        expected = [{"roomName": room, "userName": "ada", "say": f"by {qos}"} for qos in (0, 1, 2)]
        self.assertEqual(json.loads(done.stdout), {"heard": expected, "refused": "Already in this chat room"})

    def test_tcp_311(self):
        self.talk(f"mqtt://{HOST}:{server.tcp}", "MQTT", 4)

    def test_tcp_31(self):
        self.talk(f"mqtt://{HOST}:{server.tcp}", "MQIsdp", 3)

    def test_websocket_311_sub_protocol_mqtt(self):
        self.talk(f"ws://{HOST}:{server.ws}/", "MQTT", 4)

    def test_websocket_31_sub_protocol_mqttv31(self):
        self.talk(f"ws://{HOST}:{server.ws}/", "MQIsdp", 3)
