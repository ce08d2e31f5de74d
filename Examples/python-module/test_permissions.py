"""The broker's user of docs/three-hosts.md: its permissions are enough, and let it do nothing else."""

import pathlib
import re
import shlex
import unittest

import pika
from pika.exceptions import ChannelClosedByBroker

import rig
from support.player import Player

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/three-hosts.md"


def setUpModule():
    global broker, uri
    broker = rig.Broker()
    unittest.addModuleCleanup(broker.remove)
    # The page's own commands, in its order.
    pattern = r"^    rabbitmqctl ((?:add_|set_permissions)(?:.|\\\n)*?)(?<!\\)$"
    commands = re.findall(pattern, PAGE.read_text(), re.MULTILINE)
    assert len(commands) == 3, commands
    for command in commands:
        broker.ctl(*shlex.split(command.replace("\\\n", " ")))
    uri = broker.uri("mqant", "secret", "mqant")


class Permissions(unittest.TestCase):
    def test_enough(self):
        server = rig.ServerAtBroker(broker, uri=uri, without=["Web"])
        self.addCleanup(server.stop)
        watcher = rig.Wire(self.administrator())
        self.addCleanup(watcher.close)
        dice = rig.DiceProcess(watcher, uri=uri)
        self.addCleanup(dice.kill)
        player = Player(server.tcp, "Ada")
        self.addCleanup(player.close)
        player.join("abc")
        player.say("abc", "hello")
        player.expect("Chat/OnSay", roomName="abc", userName="Ada", say="hello")
        result, error = player.call("Dice/Handler_Roll", sides=6)
        self.assertEqual(error, "")
        player.expect("Dice/OnRoll", userName="Ada", **result)
        self.assertEqual(player.call("Chat/Handler_LeaveChat", roomName="abc"), ("leave success", ""))
        # Withdrawing its queue is permitted, too.
        self.assertNotIn("no connection", dice.stop())

    def administrator(self):
        broker.ctl("set_permissions", "-p", "mqant", "guest", ".*", ".*", ".*")
        return broker.uri(virtual_host="mqant")

    def test_nothing_else(self):
        connection = pika.BlockingConnection(pika.URLParameters(uri))
        self.addCleanup(connection.close)
        admin = pika.BlockingConnection(pika.URLParameters(self.administrator()))
        self.addCleanup(admin.close)
        admin.channel().queue_declare("orders", exclusive=False, auto_delete=True)
        for what, attempt in {
            "another queue": lambda channel: channel.queue_declare("orders2"),
            "a name of the broker's": lambda channel: channel.queue_declare("", exclusive=True),
            "another exchange": lambda channel: channel.exchange_declare("orders", "direct"),
            "reading another's queue": lambda channel: channel.basic_get("orders"),
            "reading a lock": lambda channel: (channel.queue_declare("lock.x", exclusive=True),
                                               channel.basic_get("lock.x")),
            "deleting another's queue": lambda channel: channel.queue_delete("orders"),
            "an exchange of the broker's": lambda channel: (channel.confirm_delivery(),
                                                            channel.basic_publish("amq.topic", "x", b"")),
        }.items():
            with self.subTest(what=what), self.assertRaises(ChannelClosedByBroker) as caught:
                attempt(connection.channel())
            self.assertEqual(caught.exception.reply_code, 403, what)


if __name__ == "__main__":
    unittest.main()
