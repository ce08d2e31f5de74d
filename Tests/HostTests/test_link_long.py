"""The link of one host is cut for 30 s: the broker gives the connection up, and the host comes back."""

import contextlib

from cluster.case import SLACK, ClusterCase, World
from cluster.load import Load
from cluster.outcomes import INTERRUPTED, NOT_FOUND, OK, TIMEOUT
from cluster.recovery import last_failure

CUT = 30
PROOF = 15  # seconds by which the broker has given up a silent connection: three heartbeats (DESIGN §8)
BACK = 8  # seconds: a try to connect that began during the cut must end first, then 2 s


def setUpModule():
    World.set_up()


class Long(ClusterCase):
    def test_thirty_seconds(self):
        # One cut for both, for it takes long: calls with a short deadline and one Chat, with a long one and two.
        short = self.cluster(timeout=4).start_all()
        long = self.cluster(timeout=25).start_all(chats=2)
        hosts = [short.host("Chat"), long.host("Chat", 1)]
        with contextlib.ExitStack() as stack:
            loads = [stack.enter_context(Load(cluster, each=3, pause=0.05)) for cluster in (short, long)]
            began = loads[0].now()
            for host in hosts:
                host.cut()
            loads[0].hold(CUT, began)
            for host in hosts:
                host.restore()
            restored = loads[0].now()
            for load in loads:
                load.wait_for_calls(restored + BACK + SLACK)
        for cluster, load in zip((short, long), loads):
            print(f"    {cluster.vhost}: RPC.Timeout {cluster.timeout} s")
            self.report(load.outcomes, began)
            self.only(load.outcomes.to("Login"), OK)
            self.only(load.outcomes.ended(0, began), OK)
            self.only(load.outcomes.began(restored + BACK + SLACK), OK)
        self.check_deadlines(loads[0].outcomes.to("Chat"), began, restored, short.timeout)
        self.check_proof(loads[1].outcomes.to("Chat"), began)
        for cluster, index in ((short, 0), (long, 1)):
            cluster.node("Chat", index).see("connected to the broker again")
            again = [when for when, line in cluster.node("Chat", index).lines if "connected to the broker again" in line]
            self.within(again[0] - restored, BACK, "until Chat was connected again")
        self.within(last_failure(loads[0].outcomes.to("Chat"), restored), BACK, "until Chat answered again")

    def check_deadlines(self, chat, began, restored, timeout):
        """One Chat: what was on the way times out, and what comes later finds nobody."""
        self.only(chat, OK, TIMEOUT, NOT_FOUND)
        self.at_deadline(self.some(chat, TIMEOUT), timeout)
        self.at_once(self.some(chat, NOT_FOUND))
        self.only(chat.began(began + 3 + SLACK, restored), NOT_FOUND)

    def check_proof(self, chat, began):
        """Two Chats: what was on the way ends as soon as the broker knows, and what comes later goes to the other."""
        self.only(chat, OK, INTERRUPTED)
        self.last_within(self.some(chat, INTERRUPTED), began, PROOF + 2, "interrupted after the cut")
        self.only(chat.began(began + 3 + SLACK), OK)
