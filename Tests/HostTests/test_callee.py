"""What callers see when a callee dies or is stopped (docs/architecture.md#failure-semantics)."""

import signal

from cluster.case import SLACK, ClusterCase, World
from cluster.load import Load, Logger, Roamer, Sayer
from cluster.outcomes import INTERRUPTED, NOT_FOUND, OK, TIMEOUT
from support.deadline import until

JOIN, LEAVE = "Chat/Handler_JoinChat", "Chat/Handler_LeaveChat"


def setUpModule():
    World.set_up()


class Control(ClusterCase):
    def test_without_a_fault_there_is_no_error(self):
        cluster = self.cluster().start_all(gates=2, logins=2, chats=2)
        with Load(cluster, gates=2) as load:
            began = load.outcomes[0].began
            load.hold(6)
            load.wait_for_calls(began, 60)
        self.report(load.outcomes, began)
        self.only(load.outcomes, OK)
        for name in ("Login/Handler_Login", "Chat/Handler_Say", JOIN, LEAVE):
            self.assertGreater(len(load.outcomes.where(lambda outcome: outcome.route == name)), 50, name)


class Killed(ClusterCase):
    def test_the_only_chat(self):
        cluster = self.cluster().start_all()
        # So many that some are in its hands, or on the way, at whatever moment it dies.
        with Load(cluster, pause=0, each=6) as load:
            killed = cluster.node("Chat").kill()
            load.wait_for_calls(killed + 2 + SLACK)
        self.report(load.outcomes, killed)
        self.only(load.outcomes.ended(0, killed), OK)
        chat, login = (load.outcomes.ended(killed).to(name) for name in ("Chat", "Login"))
        self.only(login, OK)
        self.only(chat, OK, INTERRUPTED, NOT_FOUND)
        for outcome in self.some(chat, INTERRUPTED):
            self.assertLess(outcome.began, killed + 0.5 + SLACK, "what is sent later comes back")
        self.last_within(chat.of(INTERRUPTED), killed, 2, "interrupted after the kill")
        self.at_once(chat.of(NOT_FOUND).began(killed + 0.5))
        later = chat.began(killed + 2 + SLACK)
        self.only(later, NOT_FOUND)
        self.assertEqual({outcome.text for outcome in later}, {"Service(type:Chat) not found"})

    def test_calls_that_it_holds_are_interrupted(self):
        cluster = self.cluster().start_all()
        with Load(cluster, pause=0, each=3) as load:
            cluster.node("Chat").signal(signal.SIGSTOP)
            holders = until("every client of Chat waits", load.stuck, 10)
            killed = cluster.node("Chat").kill()
            load.wait(len(holders), what=lambda outcome: outcome.kind == INTERRUPTED)
        self.report(load.outcomes, killed)
        held = load.outcomes.to("Chat").where(lambda outcome: outcome.began < killed <= outcome.ended)
        self.assertEqual(held.kinds, {INTERRUPTED: len(holders)}, held)
        self.last_within(held, killed, 2, "interrupted after the kill")
        self.only(load.outcomes.to("Login"), OK)

    def test_one_chat_of_two(self):
        cluster = self.cluster().start_all(chats=2)
        with Load(cluster, pause=0, each=4, sayers_at=1) as load:
            cluster.node("Chat", 1).signal(signal.SIGSTOP)
            held = until("every sayer waits", lambda: load.stuck((Sayer,)), 10)
            killed = cluster.node("Chat", 1).kill()
            load.wait_for_calls(killed + 2 + SLACK)
        self.report(load.outcomes, killed)
        self.only(load.outcomes, OK, INTERRUPTED)
        self.only(load.outcomes.ended(0, killed), OK)
        self.only(load.outcomes.to("Login"), OK)
        interrupted = self.some(load.outcomes, INTERRUPTED, at_least=len(held))
        self.last_within(interrupted, killed, 2, "interrupted after the kill")
        self.only(load.outcomes.to("Chat").began(killed + 2 + SLACK), OK)

    def test_one_login_of_two_and_idempotent_calls(self):
        cluster = self.cluster().start_all(logins=2)
        with Load(cluster, pause=0, each=3) as load:
            self.stop_with_calls_in_hand(cluster.node("Login", 1), load)
            killed = cluster.node("Login", 1).kill()
            load.wait_for_calls(killed + 2 + SLACK)
        self.report(load.outcomes, killed)
        self.some(load.outcomes.to("Login"), INTERRUPTED)
        self.only(load.outcomes.to("Login"), OK, INTERRUPTED)
        # Chat's getRand is idempotent: it went to the other Login, and no join noticed but by its time.
        self.only(load.outcomes.to("Chat"), OK)
        slow = load.outcomes.to("Chat").where(lambda outcome: outcome.began < killed <= outcome.ended)
        self.last_within(slow, killed, 2, "resent after the kill")

    def stop_with_calls_in_hand(self, login, load):
        """Stops it while it has calls of clients and of Chat. Which of two a call goes to is chance, and depends on what
        each announced last: so again, before its silence is suspicious, until both are there."""
        for _ in range(20):
            login.signal(signal.SIGSTOP)
            try:
                return until("calls wait", lambda: load.out(0.3, (Logger,)) and load.out(0.3, (Roamer,)), 1.5)
            except AssertionError:
                login.signal(signal.SIGCONT)
                load.wait(50)
        self.fail("Login was never stopped with both kinds of calls in hand")


class Stopped(ClusterCase):
    timeout = 4

    def test_the_only_chat(self):
        cluster = self.cluster(timeout=self.timeout).start_all()
        with Load(cluster, each=3) as load:
            stopped = cluster.node("Chat").signal(signal.SIGSTOP)
            load.hold(7, stopped)
            continuing = load.now()
            continued = cluster.node("Chat").signal(signal.SIGCONT)
            load.wait_for_calls(continued + 1 + SLACK)
        self.report(load.outcomes, stopped)
        chat = load.outcomes.to("Chat")
        self.only(load.outcomes.to("Login"), OK)
        self.only(chat.ended(0, stopped), OK)
        self.only(chat, OK, TIMEOUT, NOT_FOUND)
        self.at_deadline(self.some(chat, TIMEOUT, at_least=6), self.timeout)
        self.at_once(self.some(chat, NOT_FOUND))
        self.only(chat.began(stopped + 3 + SLACK).ended(0, continuing), NOT_FOUND)
        self.only(chat.began(continued + 1 + SLACK), OK)

    def test_one_chat_of_two(self):
        cluster = self.cluster(timeout=self.timeout).start_all(chats=2)
        with Load(cluster, each=4, sayers_at=1) as load:
            stopped = cluster.node("Chat", 1).signal(signal.SIGSTOP)
            load.hold(7, stopped)
            continued = cluster.node("Chat", 1).signal(signal.SIGCONT)
            load.wait_for_calls(continued + 1 + SLACK)
        self.report(load.outcomes, stopped)
        self.only(load.outcomes.to("Login"), OK)
        self.only(load.outcomes.to("Chat"), OK, TIMEOUT)
        self.at_deadline(self.some(load.outcomes, TIMEOUT, at_least=4), self.timeout)
        self.only(load.outcomes.to("Chat").began(stopped + 3 + SLACK), OK)

    def test_one_gate_of_two(self):
        """Its clients wait, and it must not take its own deafness for the others' silence."""
        cluster = self.cluster().start_all(gates=2)
        with Load(cluster, gates=2, each=3) as load:
            stopped = cluster.node("Gate", 0).signal(signal.SIGSTOP)
            load.hold(5, stopped)
            continued = cluster.node("Gate", 0).signal(signal.SIGCONT)
            load.wait_for_calls(continued + 1 + SLACK)
        self.report(load.outcomes, stopped)
        waited = load.outcomes.began(0, continued).ended(continued).where(lambda outcome: outcome.seconds > 3)
        self.assertGreaterEqual(len(waited), 9, "its clients waited")
        self.only(load.outcomes, OK)
