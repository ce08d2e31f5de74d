"""Brokers of a cluster that do not hear each other: one is cut from the others, or stands still.

Only with HOST_TESTS_BROKERS=3 in the environment (scripts/test-brokers --cluster)."""

import unittest

from cluster.brokers import COUNT
from cluster.case import World
from cluster.load import Load
from cluster.recovery import last_failure
from cluster.spread import SpreadCase

# Seconds after a broker fell silent: net_ticktime (20 s) and a quarter, until which 3.10 declares nothing on any broker, nor
# does 4.3 if that one led the cluster; and what began before that waits 10 s for its answer.
BACK_FROM_SILENCE = 40.0
BACK_FROM_MINORITY = 35.0  # seconds: each node looks every 12 at most, waits 5 for an answer, twice, and asks another broker
SILENCE = 90.0  # seconds


def setUpModule():
    if COUNT == 1:
        raise unittest.SkipTest("one broker is no cluster: HOST_TESTS_BROKERS=3")
    World.set_up()


class Silence(SpreadCase):
    def test_one_broker_is_cut_from_the_others(self):
        room = self.talk()
        broker = self.broker_of("Chat")
        with Load(self.all, gates=2, pause=0.005) as load:
            World.brokers.cut(broker)
            began = load.now()
            try:
                load.hold(BACK_FROM_MINORITY, began)
                load.wait_for_calls(load.now())
                self.assertEqual(self.ours_at(broker), [], "nobody stays in the minority")
                self.hear(room)
            finally:
                World.brokers.mend(broker)
                World.brokers.wait_until_whole()
            load.wait_for_calls(load.now() + 2)
        self.report(load.outcomes, began)
        self.within(last_failure(load.outcomes, began), BACK_FROM_MINORITY, "until the last call failed")
        self.hear(room)
        self.talk()

    def test_one_broker_stands_still(self):
        room = self.talk()
        broker = self.broker_of("Chat")
        with Load(self.all, gates=2, pause=0.005) as load:
            began = load.now()
            broker.stand_still()
            try:
                load.hold(BACK_FROM_SILENCE, began)
                load.wait_for_calls(load.now())
                load.hold(SILENCE, began)
            finally:
                broker.go_on()
                World.brokers.wait_until_whole()
            load.wait_for_calls(load.now() + 2)
        self.report(load.outcomes, began)
        silent = load.outcomes.began(0, began + SILENCE)
        self.within(last_failure(silent, began), BACK_FROM_SILENCE, "until the last call failed that began after the fault")
        self.hear(room)
        self.talk()
