"""What modules of tests have in common: a network, a broker, and clusters at it."""

import itertools
import unittest

from . import SLACK
from .brokers import Brokers
from .cluster import Cluster
from .network import Network


class World:
    """One for each module of tests, for a process has one network."""

    network = None
    brokers = None  # all of them; nearly always one
    broker = None  # the first
    numbers = itertools.count(1)

    @classmethod
    def set_up(cls, starts_broker=True):
        """For setUpModule."""
        cls.network = Network()
        cls.brokers = Brokers()
        cls.broker = cls.brokers.first
        unittest.addModuleCleanup(cls.brokers.close)
        if starts_broker:
            cls.brokers.start()


class ClusterCase(unittest.TestCase):
    """Tests with clusters, each of which is ended in good order after its test, or the test fails."""

    def cluster(self, **options):
        cluster = Cluster(World.network, next(World.numbers), **options)
        self.addCleanup(cluster.close)
        return cluster

    def within(self, seconds, bound, what):
        """`seconds` is no more than the bound, and what this machine's other work takes."""
        self.assertLessEqual(seconds, bound + SLACK, f"{what} took {seconds:.2f} s; allowed are {bound:.1f} s")
        print(f"    {what}: {seconds:.2f} s (allowed: {bound:.1f} s)")

    def last_within(self, outcomes, since, bound, what):
        """The last of them ended within the bound, and there are some."""
        self.assertTrue(outcomes, f"there are none: {what}")
        self.within(max(outcome.ended for outcome in outcomes) - since, bound, what)

    def only(self, outcomes, *kinds):
        """All of them are of these kinds, and there are some."""
        self.assertTrue(outcomes, "there are no such calls at all")
        others = outcomes.but(*kinds)
        self.assertEqual(others.kinds, {}, f"beside {kinds}; the first: {others[:5]}")

    def some(self, outcomes, *kinds, at_least=1):
        """So many are of one of these kinds: a fault that nobody notices would prove nothing."""
        found = outcomes.of(*kinds)
        self.assertGreaterEqual(len(found), at_least, f"calls that ended as {kinds}; there were {outcomes.kinds}")
        return found

    def at_once(self, outcomes):
        """Their answers waited for nothing; there are some."""
        self.assertTrue(outcomes, "there are no such calls at all")
        slow = outcomes.where(lambda outcome: outcome.seconds > 0.25 + SLACK)
        self.assertEqual(slow, [], "to be answered at once")

    def at_deadline(self, outcomes, seconds):
        """Answered at the deadline of the call that the Gate made, or of one that a handler made later (Chat's own
        calls begin when it has the request): at the latest that of the Gate's. There are some."""
        self.assertTrue(outcomes, "there are no such calls at all")
        early = outcomes.where(lambda outcome: outcome.seconds < seconds - 0.05)
        late = outcomes.where(lambda outcome: outcome.seconds > seconds + 0.05 + SLACK)
        self.assertEqual(early + late, [], f"to be answered at the deadline of {seconds} s")
        # The machine's other work may hold up one answer, not all of them.
        quickest = min((outcome.seconds for outcome in outcomes), default=seconds)
        self.assertLessEqual(quickest, seconds + 0.05 + 0.25, "the quickest answer at the deadline")

    def report(self, outcomes, since):
        """For whoever reads the output: what was seen, in seconds since the fault."""
        for kind, count in sorted(outcomes.kinds.items()):
            found = outcomes.of(kind)
            first, last = min(outcome.ended for outcome in found), max(outcome.ended for outcome in found)
            longest = max(outcome.seconds for outcome in found)
            print(f"    {count:6} {kind:12} ended {first - since:7.2f} to {last - since:7.2f} s, longest {longest:.2f} s")
