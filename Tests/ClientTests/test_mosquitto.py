"""mosquitto's own command-line clients against the Gate."""

import json
import subprocess
import unittest

from support.player import Player, numbers
from support.server import HOST, Server

PROTOCOLS = ("mqttv31", "mqttv311")
FLAGS = [("-V", protocol, "-q", qos) for protocol in PROTOCOLS for qos in "012"]


def setUpModule():
    global server
    server = Server()
    unittest.addModuleCleanup(server.stop)


def run(program, *arguments, text=None):
    return subprocess.run([program, "-h", HOST, "-p", str(server.tcp), *arguments],
                          input=text, capture_output=True, text=True, timeout=30)


class Mosquitto(unittest.TestCase):
    def test_publish_is_acknowledged(self):
        # QoS 1 and 2: mosquitto_pub ends only when the whole exchange of acknowledgements is over.
        for flags in FLAGS:
            with self.subTest(flags=flags):
                done = run("mosquitto_pub", *flags, "-t", "Login/Handler_Login", "-m", '{"userName":"m","passWord":"m"}')
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_many_publishes_on_one_connection(self):
        for flags in FLAGS:
            with self.subTest(flags=flags):
                lines = "".join(json.dumps({"userName": f"m{n}", "passWord": "m"}) + "\n" for n in range(100))
                done = run("mosquitto_pub", *flags, "-t", "Login/Handler_Login", "-l", text=lines)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_request_and_response(self):
        # mosquitto_rr subscribes to the topic, publishes to it, and prints what comes on it.
        topic = "Login/Handler_Login/1"
        for flags in FLAGS:
            with self.subTest(flags=flags):
                done = run("mosquitto_rr", *flags, "-t", topic, "-e", topic, "-W", "10",
                           "-m", '{"userName":"rr","passWord":"m"}')
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(json.loads(done.stdout), {"Error": "", "Result": "login success rr"})

    def test_error_in_the_response(self):
        topic = "Chat/Handler_JoinChat/1"
        done = run("mosquitto_rr", "-V", "mqttv311", "-t", topic, "-e", topic, "-W", "10", "-m", '{"roomName":"abc"}')
        self.assertEqual(json.loads(done.stdout)["Error"], "Not Logined")

    def test_subscribe_is_answered(self):
        for flags in FLAGS:  # -E: end once the server has answered every SUBSCRIBE
            with self.subTest(flags=flags):
                done = run("mosquitto_sub", *flags, "-E", "-W", "10", "-t", "Chat/OnSay", "-t", "Chat/+", "-t", "#")
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_will_retain_and_credentials_are_accepted_and_reach_nobody(self):
        room = f"room-{next(numbers)}"
        ada = Player(server.tcp, "ada")
        self.addCleanup(ada.close)
        ada.join(room)
        will = json.dumps({"roomName": room, "userName": "m", "say": "will"})
        for protocol in PROTOCOLS:
            done = run("mosquitto_pub", "-V", protocol, "-q", "1", "-u", "user", "-P", "secret", "-r",
                       "--will-topic", "Chat/OnSay", "--will-payload", will, "--will-qos", "1",
                       "-t", "Login/Handler_Login", "-m", '{"userName":"m","passWord":"m"}')
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        ada.say(room, "end")
        ada.expect("Chat/OnSay", roomName=room, userName="ada", say="end")
        self.assertEqual([push["say"] for push in ada.pushes("Chat/OnSay")], ["end"])
