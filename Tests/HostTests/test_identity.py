"""Who may serve an Id, and nodes that cannot start (docs/architecture.md#failure-semantics).

What takes the 30 s of a start that fails begins before the other tests and is looked at after them.
"""

import signal
import time

import pika

from cluster.broker import PASSWORD, PORT, USER
from cluster.case import SLACK, ClusterCase, World
from cluster.clock import WallClock
from cluster.cluster import Cluster
from cluster.load import Load
from cluster.network import BRIDGE
from cluster.outcomes import INTERRUPTED, NOT_FOUND, OK, TIMEOUT
from cluster.recovery import last_failure
from support.deadline import until

WAIT = 30  # seconds for which a node retries at its start
# Seconds by which the broker has given up a connection that is silent (docs/architecture.md#failure-semantics).
ZOMBIE = 15
START = 2  # seconds that a node takes to serve, its Id being free
SUCCESSION = 3  # seconds that it takes if whoever had the Id does not answer


def setUpModule():
    World.set_up()
    Refused.begin()


class Claimed(ClusterCase):
    """Each Id is one word here, so that it can be claimed from two hosts."""

    ids = {"Gate": "the-gate", "Login": "the-login", "Chat": "the-chat"}

    def running(self, timeout=10):
        return self.cluster(timeout=timeout, ids=self.ids).start_all()

    def test_a_second_one_refuses_to_start(self):
        cluster = self.running()
        with Load(cluster) as load:
            for name in ("Chat", "Login", "Gate"):
                second = cluster.start(name, 1)
                del cluster.nodes[name, 1]
                self.assertNotEqual(second.wait(), 0)
                self.within(second.ended - second.began, 1, f"the refusal of a second {name}")
                line = second.see(f"{self.ids[name]} is served already, by the node node-")
                self.assertIn(f"on host {cluster.address(name)}", line)
                self.assertEqual(second.instances(), [])
                second.close()
            load.wait_for_calls(load.now())
        self.report(load.outcomes, load.outcomes[0].began)
        self.only(load.outcomes, OK)

    def test_restarted_right_after_it_was_killed(self):
        cluster = self.running()
        with Load(cluster, pause=0.005) as load:
            cluster.node("Chat").signal(signal.SIGSTOP)
            held = until("every client of Chat waits", load.stuck, 10)
            killed = cluster.node("Chat").kill()
            again = cluster.start("Chat")
            again.see("listening id(the-chat)")
            served = load.now()
            load.wait_for_calls(served + 1 + SLACK)
        self.within(served - killed, START, "until it served again")
        self.report(load.outcomes, killed)
        self.only(load.outcomes.to("Login"), OK)
        self.only(load.outcomes.to("Chat"), OK, INTERRUPTED, NOT_FOUND)
        interrupted = self.some(load.outcomes, INTERRUPTED, at_least=len(held))
        self.last_within(interrupted, killed, 2, "interrupted after the kill")
        self.within(last_failure(load.outcomes, served), 1, "until Chat was found again")

    def test_restarted_on_its_host_right_after_a_power_cut(self):
        """The broker still believes in the dead one, until the new one's host denies all knowledge of its connection."""
        cluster = self.running(timeout=4)
        with Load(cluster) as load:
            host, began = cluster.host("Chat"), load.now()
            host.cut()
            held = until("every client of Chat waits", load.stuck, 10)
            cluster.node("Chat").kill()
            host.lose_power()
            again = cluster.start("Chat")
            again.see("listening id(the-chat)")
            served = load.now()
            load.wait_for_calls(served + 1 + SLACK)
        self.check(load.outcomes, began, served)
        # The new one's announcement proves that the old one is gone; it comes before the deadline, or after it.
        self.some(load.outcomes, INTERRUPTED, TIMEOUT, at_least=len(held))

    def test_restarted_elsewhere_right_after_its_link_was_cut(self):
        """The broker believes in the dead one, and keeps its lock: the new one serves without."""
        cluster = self.running(timeout=4)
        with Load(cluster) as load:
            began = load.now()
            cluster.host("Chat").cut()
            held = until("every client of Chat waits", load.stuck, 10)
            cluster.node("Chat").kill()
            again = cluster.start("Chat", 1)
            again.see("serves it without the lock")
            again.see("listening id(the-chat)")
            served = load.now()
            load.wait_for_calls(served + 1 + SLACK)
        self.check(load.outcomes, began, served)
        self.within(served - again.began, SUCCESSION, "until the successor served")
        self.some(load.outcomes, TIMEOUT, INTERRUPTED, at_least=len(held))

    def test_stopped_and_continued(self):
        """A process that stood still finds its successor when it goes on, and gives way to it."""
        cluster = self.running(timeout=4)
        with Load(cluster) as load:
            began = load.now()
            first = cluster.node("Chat")
            first.signal(signal.SIGSTOP)
            try:
                second = cluster.start("Chat", 1)
                second.see("listening id(the-chat)")
                served = load.now()
                load.wait_for_calls(served + 1 + SLACK)
            finally:
                first.signal(signal.SIGCONT)
            first.see("another process serves an Id of this node")
            went_on = load.now()
            load.wait_for_calls(went_on + 1)
            self.assertEqual(cluster.status()["the-chat"]["host"], cluster.address("Chat", 1))
        self.within(served - second.began, SUCCESSION, "until the successor served")
        self.check(load.outcomes, began, served)
        self.only(load.outcomes.began(went_on), OK)
        self.assertNotIn("another process serves", second.log)
        # It takes over again when its successor goes.
        self.assertEqual(second.end(signal.SIGTERM)[0], 0)
        first.see("this node serves an Id again")

    def check(self, outcomes, began, served):
        self.report(outcomes, began)
        self.within(served - began, ZOMBIE + START, "until it served again")
        self.only(outcomes.to("Login"), OK)
        self.only(outcomes.to("Chat"), OK, TIMEOUT, INTERRUPTED, NOT_FOUND)
        if timeouts := outcomes.of(TIMEOUT):
            self.at_deadline(timeouts, 4)
        self.within(last_failure(outcomes, served), 1, "until Chat was found again")


class Clock(ClusterCase):
    def test_an_hour_off_and_jumping(self):
        clocks = {("Chat", 0): WallClock(3600), ("Login", 0): WallClock(-3600), ("Gate", 1): WallClock()}
        options = {key: {"clock": clock} for key, clock in clocks.items()}
        cluster = self.cluster().start_all(chats=2, gates=2, options=options)
        for key, clock in clocks.items():
            self.assertAlmostEqual(self.shown(cluster.node(*key)) - time.time(), clock.seconds, delta=120)
        with Load(cluster, gates=2) as load:
            # Then those that were right or wrong become so while they run, forth and back.
            for seconds in (-3600, 3600, 0):
                for clock in clocks.values():
                    clock.set(seconds)
                load.hold(1.5)
            load.wait_for_calls(load.now())
        self.only(load.outcomes, OK)
        for node in cluster.nodes.values():
            self.assertNotIn("connection to the broker lost", node.log)

    @staticmethod
    def shown(node):
        """The time that the log says the node began to serve at."""
        stamp = " ".join(node.see("listening id(").split()[:2])
        return time.mktime(time.strptime(stamp, "%Y-%m-%d %H:%M:%S"))


class Refused(ClusterCase):
    """Nodes that the broker does not take: one clear line after 30 s."""

    password = "not-the-password"
    nodes = {}
    # What the line says: what is wrong, and what to do.
    texts = {
        "a wrong password": "refused the login: check user and password",
        "a wrong user": "refused the login: check user and password",
        "a wrong virtual host": "rabbitmqctl add_vhost",
        "nobody listening": "nobody listens there: start the broker, or check host and port",
        "an exchange of another type": "Exchange",
        "no permission": "set_permissions",
        "no permission to publish": "exchange 'mqant.nodes'",
        "no permission for its calls": "queue 'calls.",
    }

    @classmethod
    def begin(cls):
        """Starts what must fail, each a Chat on a host of its own."""
        place = f"{BRIDGE}:{PORT}"
        cls.uris = {
            "a wrong password": f"amqp://{USER}:{cls.password}@{place}/c1",
            "a wrong user": f"amqp://nobody:{cls.password}@{place}/c1",
            "a wrong virtual host": f"amqp://{USER}:{PASSWORD}@{place}/nowhere",
            "nobody listening": f"amqp://{USER}:{PASSWORD}@{BRIDGE}:1/c1",
            "an exchange of another type": f"amqp://{USER}:{PASSWORD}@{place}/other-type",
            "no permission": f"amqp://{USER}:{PASSWORD}@{place}/forbidden",
            "no permission to publish": f"amqp://{USER}:{PASSWORD}@{place}/mute",
            "no permission for its calls": f"amqp://{USER}:{PASSWORD}@{place}/deaf",
        }
        vhosts = {"other-type": (".*", ".*", ".*"), "forbidden": ("^$", ".*", ".*"),
                  "mute": (".*", r"^(?!mqant\.nodes$).*", ".*"), "deaf": (".*", ".*", r"^(?!calls\.).*")}
        for vhost, rights in vhosts.items():
            World.broker.ctl("add_vhost", vhost)
            World.broker.ctl("set_permissions", "-p", vhost, USER, *rights)
        connection = pika.BlockingConnection(pika.ConnectionParameters(
            BRIDGE, PORT, "other-type", pika.PlainCredentials(USER, PASSWORD)))
        connection.channel().exchange_declare("mqant.nodes", "topic")
        connection.close()
        for number, (name, uri) in enumerate(cls.uris.items(), 200):
            cls.nodes[name] = Cluster(World.network, number, uri=uri).start("Chat")

    def test_after_thirty_seconds_by_one_clear_line(self):
        for name, node in self.nodes.items():
            with self.subTest(name):
                self.addCleanup(node.close)
                self.assertEqual(node.wait(WAIT + 15), 1)
                seconds = node.ended - node.began
                self.assertGreater(seconds, WAIT - 1, "it may come later: the broker, its user or its virtual host")
                self.within(seconds, WAIT + 6, "until the node gave up")  # a try of 5 s may have begun just before
                last = node.log.splitlines()[-1]
                print(f"    {name}: {last}")
                self.assertIn("FATAL", last)
                shown = self.uris[name].replace(f":{self.password}@", "@").replace(f":{PASSWORD}@", "@")
                self.assertIn(shown, last)
                self.assertIn(self.texts[name], last)
                self.assertNotIn(self.password, node.log)
                self.assertNotIn(f":{PASSWORD}@", node.log)
                self.assertEqual(node.instances(), [])
                self.assertLess(sum("FATAL" in line for line in node.log.splitlines()), 2)
