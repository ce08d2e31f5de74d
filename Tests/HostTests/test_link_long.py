"""A host is silent for 30 s, by its link or by itself: the broker gives the connection up, and the host comes back."""

import concurrent.futures
import contextlib
import signal

from cluster.case import SLACK, ClusterCase, World
from cluster.load import Load
from cluster.outcomes import DISCONNECTED, INTERRUPTED, NOT_FOUND, OK, TIMEOUT
from cluster.recovery import last_failure

CUT = 30
# Seconds by which the broker has given up a silent connection: three heartbeats (docs/architecture.md#failure-semantics).
PROOF = 15
DEAF = 10  # seconds by which a node gives up a connection on which nothing comes: two heartbeats
BACK = 8  # seconds: a try to connect that began during the cut must end first, then 2 s


def setUpModule():
    World.set_up()


class Case:
    """A cluster, who in it is silent, and clients who call."""

    def __init__(self, cluster, victim, beside_gate=False, **sizes):
        self.cluster, self.victim, self.sizes = cluster, victim, sizes
        self.beside_gate = beside_gate

    def start(self):
        self.cluster.start_all(**self.sizes)
        self.load = Load(
            self.cluster, each=1, pause=0.1, beside_gate=self.beside_gate,
            sayers_at=self.victim[1] if self.victim[0] == "Chat" else None)

    @property
    def node(self):
        return self.cluster.node(*self.victim)

    @property
    def outcomes(self):
        return self.load.outcomes


class Long(ClusterCase):
    def test_thirty_seconds(self):
        """One cut for all, for it takes long: each of these clusters is somebody else's fault."""
        self.deadline = Case(self.cluster(timeout=4), ("Chat", 0))
        self.proof = Case(self.cluster(timeout=25), ("Chat", 1), chats=2)
        self.stopped = Case(self.cluster(timeout=25), ("Chat", 1), chats=2)
        self.login = Case(self.cluster(timeout=4), ("Login", 0))
        self.gate = Case(self.cluster(timeout=4), ("Gate", 0), beside_gate=True)
        cut = [self.deadline, self.proof, self.login, self.gate]
        cases = [*cut, self.stopped]
        with concurrent.futures.ThreadPoolExecutor(len(cases)) as starters:
            list(starters.map(Case.start, cases))
        ada, bob = (self.gate.cluster.player(name, beside_gate=True) for name in ("ada", "bob"))
        for player in (ada, bob):
            player.join("through it all")
        with contextlib.ExitStack() as stack:
            for case in cases:
                stack.enter_context(case.load)
            self.began = Load.now()
            for case in cut:
                case.cluster.host(*case.victim).cut()
            self.stopped.node.signal(signal.SIGSTOP)
            self.gate.load.hold(CUT, self.began)
            self.restoring = Load.now()
            for case in cut:
                case.cluster.host(*case.victim).restore()
            self.stopped.node.signal(signal.SIGCONT)
            self.restored = Load.now()
            for case in cases:
                case.load.wait_for_calls(self.restored + BACK + SLACK, each=5)
        for case in cases:
            self.check_common(case)
        self.check_deadlines()
        self.check_login()
        for case in (self.proof, self.stopped):
            self.check_proof(case)
        self.check_gate()
        # Its clients' rooms are there again, without a word from them.
        ada.say("through it all", "still here?")
        bob.expect("Chat/OnSay", roomName="through it all", userName="ada", say="still here?")
        self.assertTrue(ada.connected and bob.connected)

    def check_common(self, case):
        kind = "stopped" if case is self.stopped else "cut off"
        print(f"    {case.victim[0]} {kind}, RPC.Timeout {case.cluster.timeout} s:")
        self.report(case.outcomes, self.began)
        self.only(case.outcomes.ended(0, self.began), OK)
        self.only(case.outcomes.began(self.restored + BACK + SLACK), OK)
        again = case.node.when("connected to the broker again", self.began)
        self.within(again - self.restored, BACK, "until it was connected again")
        self.within(last_failure(case.outcomes, self.restored), BACK, "until the last call that failed had begun")

    def known(self, case):
        """From when on everybody takes the victim for unreachable. A node that is so busy that it does not hear itself judges
        nobody, and begins anew: test_membership says how soon it is otherwise."""
        said = [when for key, node in case.cluster.nodes.items() if key != case.victim for when, line in node.lines
                if "instance is unreachable" in line and case.cluster.instance(*case.victim) in line and when < self.restoring]
        self.assertTrue(said, "nobody said that it is unreachable")
        return max(self.began + 3 + SLACK, *said)

    def check_deadlines(self):
        """One Chat: what was on the way times out, and what comes later finds nobody."""
        self.only(self.deadline.outcomes.to("Login"), OK)
        chat = self.deadline.outcomes.to("Chat")
        self.only(chat, OK, TIMEOUT, NOT_FOUND, INTERRUPTED)
        self.at_deadline(self.some(chat, TIMEOUT), 4)
        self.at_once(self.some(chat, NOT_FOUND))
        self.only(chat.began(self.known(self.deadline)).ended(0, self.restoring), NOT_FOUND)

    def check_login(self):
        """The one Login, which clients call, and Chat for those who join."""
        outcomes = self.login.outcomes
        idle = ("Chat/Handler_Say", "Chat/Handler_LeaveChat")
        self.only(outcomes.where(lambda outcome: outcome.route in idle), OK)
        others = outcomes.where(lambda outcome: outcome.route not in idle)
        self.only(others, OK, TIMEOUT, NOT_FOUND, INTERRUPTED)
        self.at_deadline(others.of(TIMEOUT), 4)
        for route in ("Login/Handler_Login", "Chat/Handler_JoinChat"):
            calls = others.where(lambda outcome: outcome.route == route)
            self.some(calls, TIMEOUT)
            self.at_once(self.some(calls, NOT_FOUND))
            self.only(calls.began(self.known(self.login)).ended(0, self.restoring), NOT_FOUND)

    def check_proof(self, case):
        """Two Chats: what was on the way ends as soon as the broker knows, and what comes later goes to the other."""
        self.only(case.outcomes.to("Login"), OK)
        chat = case.outcomes.to("Chat")
        self.only(chat, OK, INTERRUPTED)
        self.last_within(self.some(chat, INTERRUPTED), self.began, PROOF + 2, "interrupted after the silence began")
        self.only(chat.began(self.known(case)), OK)

    def check_gate(self):
        """The callers' own node is cut off: what it had sent times out, or ends with its connection; what it has not sent
        waits. Its clients are on its host, and stay connected."""
        outcomes, callers = self.gate.outcomes, self.gate.load.callers
        self.only(outcomes, OK, TIMEOUT, DISCONNECTED)
        self.at_deadline(self.some(outcomes, TIMEOUT, at_least=len(callers)), 4)
        lost = self.some(outcomes, DISCONNECTED, at_least=len(callers))
        self.last_within(lost, self.began, DEAF + 0.5, "disconnected after the cut")
        self.only(outcomes.began(self.began + 0.5 + SLACK, self.restoring - 4), TIMEOUT, DISCONNECTED)
