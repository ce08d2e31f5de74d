"""What callers see when the broker goes, comes back, or takes nothing (docs/architecture.md#failure-semantics)."""

from cluster.case import SLACK, ClusterCase, World
from cluster.load import Load
from cluster.outcomes import DISCONNECTED, OK, TIMEOUT
from cluster.recovery import first_ok, last_failure
from support.player import Player

BACK = 2  # seconds after the broker listens by which all goes on (docs/architecture.md#failure-semantics)


def setUpModule():
    World.set_up()


class Gone(ClusterCase):
    patient, impatient = 120, 3  # RPC.Timeout in seconds: longer than any absence here, and shorter than all

    def check(self, end, absence):
        """Takes the broker away for so many seconds, and back."""
        patient = self.cluster(timeout=self.patient).start_all(gates=2)
        impatient = self.cluster(timeout=self.impatient).start_all()
        ada, bob = patient.player("ada", gate=0), patient.player("bob", gate=1)
        for player in (ada, bob):
            player.join("through it all")
        with Load(patient, gates=2, pause=0.005) as load, Load(impatient, pause=0.005) as hasty:
            began = load.now()
            end()
            gone = load.now()
            load.hold(absence, gone)
            World.broker.start()
            back = World.broker.listening
            for each in (load, hasty):
                each.wait_for_calls(back + BACK + SLACK)
        print(f"    the broker listened again {back - began:.2f} s after the fault")
        self.check_common(load.outcomes, began, gone, back, DISCONNECTED)
        self.check_common(hasty.outcomes, began, gone, back, DISCONNECTED, TIMEOUT)
        waited = load.outcomes.began(0, back - 0.1).ended(back)
        self.only(waited, OK)
        self.assertEqual(len(waited), len(load.callers), "every client's call waited for the connection")
        self.at_deadline(self.some(hasty.outcomes, TIMEOUT), self.impatient)
        self.check_nodes(patient, back)
        self.check_nodes(impatient, back)
        # The rooms are there again, without a word from their members, who were never disconnected.
        ada.say("through it all", "still here?")
        bob.expect("Chat/OnSay", roomName="through it all", userName="ada", say="still here?")
        self.assertTrue(ada.connected and bob.connected)

    def check_common(self, outcomes, began, gone, back, *errors):
        self.report(outcomes, began)
        self.only(outcomes, OK, *errors)
        self.only(outcomes.ended(0, began), OK)
        lost = self.some(outcomes, DISCONNECTED)
        # Asked to stop, the broker closes the connections at some time before it is gone.
        self.last_within(lost, began, gone - began + 0.5, "disconnected after the fault")
        self.within(first_ok(outcomes, back), BACK, "until the first answer")
        self.only(outcomes.ended(back + BACK + SLACK), OK)

    def check_nodes(self, cluster, back):
        slowest = 0
        for node in cluster.nodes.values():
            self.assertTrue(node.is_running)
            again = [when for when, line in node.lines if "connected to the broker again" in line]
            self.assertEqual(len(again), 1, node.log)
            slowest = max(slowest, again[0] - back)
        self.within(slowest, BACK, "until the last node was connected again")

    def test_stopped_for_five_seconds(self):
        self.check(World.broker.stop, 5)

    def test_killed(self):
        self.check(World.broker.kill, 0)


class NotUpYet(ClusterCase):
    def test_nodes_start_first(self):
        World.broker.stop()
        World.broker.begin_and_stand_still()
        cluster = self.cluster()
        for name in ("Gate", "Login", "Chat"):
            cluster.start(name)
        for node in cluster.nodes.values():
            node.see("cannot use the broker yet")
            self.assertNotIn("listening id(", node.log)
        World.broker.go_on()
        World.broker.wait()
        back = World.broker.listening
        for node in cluster.nodes.values():
            node.see("listening id(")
            served = next(when for when, line in node.lines if "listening id(" in line)
            self.within(served - back, BACK, f"until {node.name} served")
        cluster.wait()
        with Load(cluster) as load:
            load.wait(200)
        self.only(load.outcomes, OK)


class Alarm(ClusterCase):
    timeout = 4

    def test_memory(self):
        cluster = self.cluster(timeout=self.timeout).start_all()
        with Load(cluster, each=3) as load:
            began = load.now()
            try:
                World.broker.ctl("set_vm_memory_high_watermark", "0.000001")
                # Twice the deadline, and more than silence takes to be suspicious: nobody can announce itself now.
                load.wait(12, what=lambda outcome: outcome.kind == TIMEOUT)
            finally:
                World.broker.ctl("set_vm_memory_high_watermark", "absolute", "2GiB")
            over = load.now()
            load.wait_for_calls(over + BACK + SLACK)
            player = Player(3563, "new", host=cluster.address("Gate"))
            player.close()
        self.report(load.outcomes, began)
        self.only(load.outcomes, OK, TIMEOUT)
        self.at_deadline(self.some(load.outcomes, TIMEOUT, at_least=12), self.timeout)
        self.within(first_ok(load.outcomes, over), BACK, "until the first answer")
        self.within(last_failure(load.outcomes, over), BACK, "until the last call that failed had begun")
        for node in cluster.nodes.values():
            self.assertNotIn("connection to the broker lost", node.log)
