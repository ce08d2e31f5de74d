"""Chats are killed, stopped and added, links cut, a broker restarted, while 200 clients talk.

In the environment: HOST_TESTS_CHAOS_SECONDS (default 60), and HOST_TESTS_SEED, to see a schedule again.
"""

import os
import random
import time

from cluster.case import ClusterCase, World
from cluster.chaos import Director
from cluster.chatlog import check
from cluster.cluster import TCP
from cluster.crowd import Crowd
from cluster.liar import Liar

SECONDS = float(os.environ.get("HOST_TESTS_CHAOS_SECONDS", "60"))
SEED = os.environ.get("HOST_TESTS_SEED") or str(random.SystemRandom().randrange(10**6))
GATES, CHATS, CLIENTS, ROOMS = 2, 3, 200, 50
SHARE = 0.6  # of all says must be outside of all windows


def setUpModule():
    World.set_up()


class Chaos(ClusterCase):
    def addresses(self, cluster):
        return {cluster.instance("Gate", index): (cluster.address("Gate", index), TCP) for index in range(GATES)}

    def test_what_was_said_was_heard(self):
        print(f"\n    seed {SEED}, {SECONDS:.0f} s (HOST_TESTS_SEED={SEED} HOST_TESTS_CHAOS_SECONDS={SECONDS:.0f})")
        cluster = self.cluster(timeout=4).start_all(gates=GATES, chats=CHATS)
        with Crowd(self.addresses(cluster), CLIENTS, ROOMS, seed=SEED) as crowd:
            crowd.begin()
            director = Director(cluster, World.brokers, crowd, CHATS, GATES)
            director.run(SEED, SECONDS)
            crowd.wait("everybody is answered again", lambda: all(
                any(say.began >= director.repaired and say.is_success for say in log.says[-50:]) for log in crowd.logs))
            crowd.end()
        seconds = time.monotonic() - director.began
        findings = check(crowd.logs, director.windows)
        heard = sum(len(log.heard) for log in crowd.logs)
        print(f"    in {seconds:.0f} s {findings}; {heard} pushes heard")
        self.assertEqual(findings.faults, {}, f"seed {SEED}")
        self.assertGreaterEqual(findings.share, SHARE, f"seed {SEED}")
        self.check_the_check(crowd.logs, director.windows)

    def check_the_check(self, logs, windows):
        """One push lost, or two swapped, outside of all windows, would have been found."""
        chance = random.Random(SEED)
        for make_wrong, kind in ((self.lose, "lost"), (self.swap, "reordered")):
            # One that is in a window is no fault: then another.
            for _ in range(20):
                log = chance.choice(logs)
                heard = list(log.heard)
                make_wrong(log, chance.randrange(len(heard) - 1))
                found = check(logs, windows).faults
                log.heard[:] = heard
                if found:
                    break
            self.assertEqual(list(found), [kind])

    @staticmethod
    def lose(log, index):
        del log.heard[index]

    @staticmethod
    def swap(log, index):
        log.heard[index:index + 2] = reversed(log.heard[index:index + 2])

    def test_a_server_made_wrong_is_found_out(self):
        """One push in ten thousand lost at one Gate, and one pair swapped at the other; no other fault."""
        cluster = self.cluster().start_all(gates=GATES, chats=CHATS)
        first, second = sorted(self.addresses(cluster).items())
        with Liar(first[1], drops=[10_000]) as loser, Liar(second[1], swaps=[5000]) as swapper:
            addresses = {first[0]: loser.address, second[0]: swapper.address}
            with Crowd(addresses, CLIENTS, ROOMS, pause=0.15, seed=SEED) as crowd:
                crowd.begin()
                crowd.wait("both have lied", lambda: loser.has_lied and swapper.has_lied, 90)
                crowd.end()
        findings = check(crowd.logs, [])
        print(f"\n    of {loser.pushes + swapper.pushes} pushes one is lost and two are swapped: {findings}")
        self.assertEqual(sorted(findings.faults), ["lost", "reordered"])
        self.assertEqual(len(findings.lost), 1)
