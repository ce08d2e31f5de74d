"""One player, one bare AMQP client, and Dice to be broken."""

import time
import unittest

import rig
from support.deadline import until
from support.player import Player

GONE = "the process that held Handler_Roll is gone"
NOBODY = "Service(type:Dice) not found"


class FaultCase(unittest.TestCase):
    """`broker` and `server` are the module's."""

    broker = server = None
    exchange = "mqant"

    def setUp(self):
        self.wire = rig.Wire(self.broker.uri(), self.exchange)
        self.addCleanup(self.wire.close)
        self.player = Player(self.server.tcp)
        self.addCleanup(self.player.close)

    def new_dice(self, **options):
        dice = rig.DiceProcess(self.wire, exchange=self.exchange, **options)
        self.addCleanup(dice.kill)
        return dice

    def until_known(self):
        """The Gate may hear of Dice a moment after `new_dice` has: it may just be connecting anew."""
        other = Player(self.server.tcp)
        self.addCleanup(other.close)
        until("the Gate knows Dice", lambda: other.call("Dice/Handler_Nothing")[1] != NOBODY)

    def roll(self):
        return self.player.call("Dice/Handler_Roll", sides=6)

    def assert_rolls(self):
        result, error = self.roll()
        self.assertEqual(error, "")
        self.player.expect("Dice/OnRoll", userName="", **result)

    def until_it_rolls(self, seconds=20):
        """For what takes its time to come back; every call until then ends in one of the errors that fit."""
        end = time.monotonic() + seconds
        while True:
            result, error = self.roll()
            if not error:
                return
            self.assertIn(error, (NOBODY, GONE, "Service(type:Login) not found", "Handler_Roll did not answer in time",
                                  "the connection to the broker was lost"))
            self.assertLess(time.monotonic(), end, error)
            time.sleep(0.05)  # nothing tells a client that a module is back but another call
