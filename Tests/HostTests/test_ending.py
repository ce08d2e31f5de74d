"""Nodes that are told to end while they are at work: docs/architecture.md#failure-semantics, "SIGTERM, SIGINT"."""

import json
import signal
import time

from cluster.case import ClusterCase, World
from cluster.load import Load
from cluster.node import END
from cluster.outcomes import CLOSED, INTERRUPTED, OK, kind
from cluster.peer import Peer
from support.deadline import until


def setUpModule():
    World.set_up()


class Ending(ClusterCase):
    def test_each_under_load(self):
        """With clients and a broker, by either signal: status 0 in time, and only the Gate's clients notice."""
        cluster = self.cluster().start_all(logins=2, chats=2)
        with Load(cluster) as load:
            for name, index, number in (("Chat", 1, signal.SIGINT), ("Login", 1, signal.SIGTERM),
                                        ("Chat", 0, signal.SIGTERM), ("Gate", 0, signal.SIGINT)):
                if name == "Chat" and index == 0:
                    cluster.start("Chat", 1).see("listening id(")
                    load.wait_for_calls(load.now())
                began = load.now()
                status, seconds = cluster.node(name, index).end(number)
                self.assertEqual(status, 0)
                self.within(seconds, END, f"the end of {name} {index} by {signal.Signals(number).name}")
                if name != "Gate":
                    load.wait_for_calls(began + seconds)
        self.report(load.outcomes, began)
        self.only(load.outcomes.ended(0, began), OK)
        self.only(load.outcomes, OK, CLOSED)
        self.assertEqual(len(load.outcomes.of(CLOSED)), len(load.callers), "each was connected until the end")

    def test_a_handler_that_takes_longer(self):
        """What is not done in time is given up, and its caller is told."""
        cluster = self.cluster(timeout=60).start_all()
        ada = cluster.player("ada")
        peer = Peer(cluster.vhost)
        self.addCleanup(peer.close)
        # Chat asks Login, which is stopped, on behalf of who joins.
        cluster.node("Login").signal(signal.SIGSTOP)
        try:
            topic, chat = "Chat/Handler_JoinChat/1", cluster.instance("Chat")
            ada.publish(topic, '{"roomName":"nowhere"}')
            until("Chat asks Login", lambda: peer.call(chat, "$status")["running"] == 1)
            status, seconds = cluster.node("Chat").end(signal.SIGTERM)
            ended = time.monotonic()
            payload = ada.wait("an answer", lambda: next((body for came, body in ada.messages if came == topic), None))
            told = time.monotonic() - ended
        finally:
            cluster.node("Login").signal(signal.SIGCONT)
        self.assertEqual(status, 0)
        self.within(seconds, END, "the end of a Chat with a handler that takes a minute")
        self.assertGreater(seconds, 5, "it was waited for, or this tests nothing")
        # As the node ends, so does what the handler waits for: it may come to answer that, and may not.
        error = json.loads(payload)["Error"]
        self.assertTrue(kind(error) == INTERRUPTED or error == "this node is shutting down", payload)
        self.within(told, 2, "until the caller was told")
