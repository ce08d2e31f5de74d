"""Session operations across nodes: a module on another host, in another language, works on a Gate's sessions."""

from cluster.case import ClusterCase, World
from cluster.peer import Peer, RemoteError
from support.deadline import until

ALL_BYTES = bytes(range(256)) * 100


def setUpModule():
    World.set_up()


class Across(ClusterCase):
    def setUp(self):
        self.all = self.cluster().start_all(gates=2)
        self.peer = Peer(self.all.vhost, self.all.host("Spy"))
        self.addCleanup(self.peer.close)
        spy = self.all.address("Spy")
        until("the peer is on a host of its own", lambda: World.broker.connections_from(spy) == 1)
        self.gate, self.other = self.all.instance("Gate", 0), self.all.instance("Gate", 1)
        self.zoe, self.yan = self.all.player("zoe", gate=0), self.all.player("yan", gate=1)

    def session(self, player):
        """What the Gate tells modules."""
        def ask():
            result, error = player.call("Spy/Handler_Session")
            return None if error == "Service(type:Spy) not found" else result
        return until("the Gate has heard of Spy", ask)

    def test_bind_set_and_update(self):
        session = self.session(self.zoe)
        self.assertEqual(session["Serverid"], self.gate)
        self.assertEqual(session["Userid"], "zoe", "bound by Login on another host")
        key = session["Sessionid"]
        self.assertEqual(self.peer.call(self.gate, "Bind", key, "queen")["Userid"], "queen")
        self.assertEqual(self.peer.call(self.gate, "Set", key, "hat", "红 red")["Settings"], {"hat": "红 red"})
        self.assertEqual(self.peer.call(self.gate, "Update", key)["Userid"], "queen")
        self.assertEqual(self.session(self.zoe)["Settings"], {"hat": "红 red"})
        self.zoe.join("palace")
        self.zoe.expect("Chat/OnJoin", roomName="palace", userName="queen")
        self.assertEqual(self.peer.call(self.gate, "Remove", key, "hat")["Settings"], {})
        self.assertEqual(self.peer.call(self.gate, "UnBind", key)["Userid"], "")
        self.assertEqual(self.zoe.call("Chat/Handler_Say", roomName="palace", say="x")[1], "Not Logined")
        self.assertEqual(self.session(self.yan)["Userid"], "yan", "nobody else's session")

    def test_settings_pushed_at_once(self):
        """Several settings in one call: the Gate's copy has them, and the client's next request carries them."""
        key = self.session(self.zoe)["Sessionid"]
        self.peer.call(self.gate, "Set", key, "shoe", "left")
        changes = {"set": {"hat": "红 red", "coat": "none"}, "removed": ["shoe", "never set"]}
        expected = {"hat": "红 red", "coat": "none"}
        self.assertEqual(self.peer.call(self.gate, "Push", key, changes)["Settings"], expected)
        self.assertEqual(self.peer.call(self.gate, "Update", key)["Settings"], expected)
        self.assertEqual(self.session(self.zoe)["Settings"], expected)
        # Those of others stay.
        self.peer.call(self.gate, "Push", key, {"set": {"coat": "blue"}, "removed": []})
        self.assertEqual(self.session(self.zoe)["Settings"], expected | {"coat": "blue"})
        self.assertEqual(self.session(self.yan).get("Settings", {}), {}, "nobody else's session")

    def test_bytes_arrive_unchanged(self):
        key = self.session(self.zoe)["Sessionid"]
        for qos in (0, 1, 2):
            with self.subTest(qos=qos):
                headers = {"session-id": key, "topic": f"bytes/{qos}", "qos": str(qos)}
                self.peer.call(self.gate, "Send", body=ALL_BYTES, headers=headers)
                self.assertEqual(self.came(self.zoe, f"bytes/{qos}"), [ALL_BYTES])
        self.assertEqual(self.yan.messages[-1][0].startswith("bytes/"), False)

    def test_groups_across_gates(self):
        for gate, player in ((self.gate, self.zoe), (self.other, self.yan)):
            key = self.session(player)["Sessionid"]
            self.assertIn("team", self.peer.call(gate, "Join", key, "team", None)["session"]["Groups"])
        for number in range(50):
            self.peer.push("team", "team/news", number.to_bytes(2, "big") + ALL_BYTES, qos=1)
        for player in (self.zoe, self.yan):
            got = self.came(player, "team/news", 50)
            self.assertEqual(got, [number.to_bytes(2, "big") + ALL_BYTES for number in range(50)])
        key = self.session(self.yan)["Sessionid"]
        self.peer.call(self.other, "Leave", key, "team")
        self.peer.push("team", "team/last", b"to zoe")
        self.assertEqual(self.came(self.zoe, "team/last"), [b"to zoe"])
        self.yan.call("Spy/Handler_Session")  # by its answer, a push would have come
        self.assertNotIn("team/last", [topic for topic, _ in self.yan.messages])

    def test_kick(self):
        key = self.session(self.zoe)["Sessionid"]
        for player in (self.zoe, self.yan):
            player.join("arena")
        self.peer.call(self.gate, "Close", key)
        self.zoe.wait("the end of the connection", lambda: self.zoe.connected is False)
        self.yan.expect("Chat/OnLeave", roomName="arena", userName="zoe")
        self.assertTrue(self.yan.connected)
        with self.assertRaises(RemoteError):
            self.peer.call(self.gate, "Update", key)

    def test_a_gate_refuses_sessions_of_another(self):
        session = self.session(self.zoe)
        key = session["Sessionid"]
        operations = (
            ("Bind", ("thief",)), ("UnBind", ()), ("Set", ("k", "v")), ("Remove", ("k",)), ("Update", ()), ("Close", ()),
            ("Push", ({"set": {"k": "v"}, "removed": []},)), ("Join", ("team", None)), ("Leave", ("team",)))
        for function, arguments in operations:
            with self.subTest(function), self.assertRaises(RemoteError):
                self.peer.call(self.other, function, key, *arguments)
        with self.assertRaises(RemoteError):
            self.peer.call(self.other, "Send", body=b"x", headers={"session-id": key, "topic": "stolen"})
        self.assertEqual(self.session(self.zoe), session, "nothing has changed")
        self.assertTrue(self.zoe.connected)
        refused = {gate: row["status"]["gauges"]["refused"] for gate, row in self.all.status().items() if "Gate" in gate}
        self.assertEqual(refused, {self.gate: 0, self.other: len(operations) + 1}, "each is counted")

    def came(self, player, topic, count=1):
        """The payloads that came on a topic, once there are so many."""
        def payloads():
            found = [payload for came, payload in player.messages if came == topic]
            return found if len(found) >= count else None
        return player.wait(f"{count} messages on {topic}", payloads)
