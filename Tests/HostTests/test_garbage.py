"""Messages that nobody of us sends, on each of our queues: nothing ends, and calls go on."""

import json

import pika

from cluster.broker import USER
from cluster.case import ClusterCase, World
from cluster.load import Load, Sayer
from cluster.outcomes import OK
from cluster.peer import Peer, connect
from support.deadline import until

BATCH = "application/vnd.mqant.batch"


def setUpModule():
    World.set_up()


def properties(**values):
    return pika.BasicProperties(**values)


def messages(session):
    """Name, properties and body of every bad message; `session` is one of the first Gate."""
    key = session["Sessionid"]
    wrong = dict(session, Serverid="nowhere", Userid="mallory", Version=2**63)
    call = {"type": "Handler_Say", "content_type": "application/json", "correlation_id": "1", "reply_to": "nowhere"}
    yield "nothing at all", properties(), b""
    yield "a garbage body", properties(**call), b"\xff\xfe{{{\x00 garbage"
    yield "no arguments", properties(**call), b"{}"
    yield "too many arguments", properties(**call), b"[1,2,3,4,5,6,7]"
    yield "deep arguments", properties(**call), b"[" * 100_000
    yield "no reply_to", properties(type="Handler_Say", content_type="application/json"), b"[{}]"
    yield "no correlation_id", properties(type="getRand", content_type="application/json", reply_to="x"), b'["a"]'
    yield "no type", properties(content_type="application/json", reply_to="nowhere"), b"[]"
    yield "no content type", properties(type="getRand"), b'["a"]'
    yield "an unknown content type", properties(**call | {"content_type": "text/klingon"}), b"[{}]"
    yield "a batch that is none", properties(content_type=BATCH), b"\xff\xff\xff\xff garbage"
    yield "a batch cut short", properties(content_type=BATCH), b"\x00\x00\x00\x40\x00\x00\x00"
    yield "a batch of an envelope of nothing", properties(content_type=BATCH), b"\x00\x00\x00\x00"
    yield "an announcement", properties(type="member", content_type="application/json"), b'{"version":2,"node":"","instances":[]}'
    yield "a garbage announcement", properties(type="member", content_type="application/json"), b"\x00garbage"
    yield "a garbage session", properties(**call, headers={"session": "\x00{"}), b"[{}]"
    yield "a session as a table", properties(**call, headers={"session": {"a": {"b": [1, None, True, [2**40, "x"]]}}}), b"[{}]"
    yield "a reply to nobody", properties(type="reply", content_type="application/json", correlation_id="999"), b"1"
    yield "an error to nobody", properties(
        type="error", content_type="application/json", correlation_id="x", headers={"error-code": "klingon"}), b"1"
    yield "a strange expiration", properties(**call, headers={"timeout": "-99999999999999999999"}), b"[{}]"
    yield "strange properties", properties(
        **call, priority=255, delivery_mode=2, timestamp=2**62, message_id="m", user_id=USER, app_id="a" * 255,
        content_encoding="gzip", headers={"x" * 200: "y" * 70_000, "n": -1}), b"[{}]"
    for function in ("Bind", "Close", "Push", "Update", "Join", "Leave"):
        yield f"{function} for a session of another Gate", properties(
            type=function, content_type="application/json", reply_to="nowhere", correlation_id="1"
        ), json.dumps([key] + {"Bind": ["thief"], "Push": [{"set": {}, "removed": []}], "Join": ["x", None], "Leave": ["x"]}.get(function, [])).encode()
    yield "Send to a session of another Gate", properties(
        type="Send", content_type="application/octet-stream", headers={"session-id": key, "topic": "stolen"}), b"bytes"
    yield "Send to a topic that is none", properties(
        type="Send", content_type="application/octet-stream", headers={"session-id": key, "topic": "#"}), b"bytes"
    yield "a call for a session of another Gate", properties(
        **call, headers={"session": json.dumps(wrong)}), b'[{"roomName":"x","say":"y"}]'
    for headers in ({}, {"topic": "#"}, {"topic": "x", "qos": "9"}, {"topic": "\x00"}, {"topic": "x" * 70_000}):
        yield f"a push with {str(headers)[:30]}", properties(
            type="$push", content_type="application/octet-stream", headers=headers), b"bytes"
        yield f"a delivery with {str(headers)[:30]}", properties(
            type="$deliver", content_type="application/octet-stream",
            headers=headers | {"group": "@Chat/x", "owner": "nobody", "owner-node": "nowhere", "number": "-1"}), b"bytes"
    yield "a delivery of an owner that nobody knows", properties(
        type="$deliver", content_type="application/octet-stream", headers={
            "group": "@Chat/x", "topic": "x", "owner": "nobody", "owner-node": "nowhere", "number": str(2**64 - 1)}), b"bytes"
    gate = {"gate": "nobody", "node": "nowhere", "queue": "nowhere", "generation": "7"}
    for headers in ({}, gate, gate | {"generation": "-1"}, gate | {"life": "x", "queue": "q" * 70_000}):
        for body in (b"[]", b"[7]", b'[{"subscribe":["@Chat/x"]}]', b'[{"view":[' + b",".join([b'"x"'] * 20_000) + b"]}]",
                     b'[{"received":18446744073709551615}]'):
            yield f"{body[:20]} of a Gate {str(headers)[:30]}", properties(
                type="$subscriptions", content_type="application/json", headers=headers), body
    yield "a push as JSON", properties(type="$push", content_type="application/json", headers={"topic": "x"}), b"7"
    yield "20 MB", properties(**call), b" " * 20_000_000


class Garbage(ClusterCase):
    def test_on_each_queue(self):
        cluster = self.cluster().start_all(gates=2)
        queues = World.broker.queues(cluster.vhost)
        for kind in ("calls.", "replies.", "nodes.", "lock."):
            self.assertTrue(any(queue.startswith(kind) for queue in queues), f"no {kind} in {queues}")
        watcher = cluster.player("watcher")
        session = self.session(cluster, watcher)
        # On its own Gate's queue an operation would be right, and be done.
        own = next(queue for queue in queues if queue.startswith(f"calls.{session['Serverid']}."))
        connection = connect(cluster.vhost)
        self.addCleanup(connection.close)
        channel = connection.channel()
        channel.confirm_delivery()
        with Load(cluster, gates=2) as load:
            group = "@Chat/" + next(caller.room for caller in load.callers if isinstance(caller, Sayer))
            for name, values, body in messages(session):
                for queue in queues:
                    if queue == own and name.endswith("of another Gate"):
                        continue
                    channel.basic_publish("", queue, body, values, mandatory=True)
                channel.basic_publish("mqant.nodes", group, body, values)
                load.wait(5)
                self.assertEqual(load.outcomes.but(OK), [], f"after {name}")
                for node in cluster.nodes.values():
                    self.assertTrue(node.is_running, f"{node.name} ended after {name}: {node.log[-2000:]}")
            load.wait_for_calls(load.now())
        self.only(load.outcomes, OK)
        print(f"    {len(list(messages(session)))} messages to each of {len(queues)} queues, {load.outcomes.kinds}")
        self.assertTrue(watcher.connected)
        self.assertNotIn("stolen", [topic for topic, _ in watcher.messages])
        refused = {name: row["status"]["gauges"].get("refused") for name, row in cluster.status().items()}
        self.assertEqual(refused[session["Serverid"]], 0)
        others = [name for name, count in refused.items() if count is not None and name != session["Serverid"]]
        foreign = [name for name, _, _ in messages(session) if name.endswith("a session of another Gate")]
        self.assertEqual([refused[name] for name in others], [len(foreign) - 1], "all but the call, which no Gate gets")
        now = self.session(cluster, watcher)
        self.assertEqual(now, session, "no operation was done on the other Gate's session")
        for node in cluster.nodes.values():
            self.assertNotIn("connection to the broker lost", node.log)
        self.assertEqual(sorted(World.broker.queues(cluster.vhost)), sorted(queues), "the very same queues")

    @staticmethod
    def session(cluster, player):
        """The session as its Gate tells a module."""
        peer = Peer(cluster.vhost)
        try:
            def ask():
                result, error = player.call("Spy/Handler_Session")
                return result if error == "" else None
            return until("the Gate has heard of Spy", ask)
        finally:
            peer.close()
