"""The link of one host is cut for 3 s: shorter than the broker takes to give up a connection."""

from cluster.case import SLACK, ClusterCase, World
from cluster.load import Load
from cluster.outcomes import NOT_FOUND, OK
from cluster.recovery import first_ok

CUT = 3


def setUpModule():
    World.set_up()


class Short(ClusterCase):
    """The connections live on, and TCP brings everything that was on the way once the link is whole: at the latest
    when it tries again, which it does in pauses that double, so after as long as the cut."""

    def cut(self, name, **sizes):
        cluster = self.cluster().start_all(**sizes)
        host = cluster.host(name)
        with Load(cluster, gates=sizes.get("gates", 1), sayers_at=0) as load:
            began = load.now()
            host.cut()
            load.hold(CUT, began)
            host.restore()
            restored = load.now()
            load.wait_for_calls(restored + CUT + 1 + SLACK)
        self.report(load.outcomes, began)
        self.only(load.outcomes.ended(0, began), OK)
        self.only(load.outcomes.began(restored + CUT + 1 + SLACK), OK)
        for node in cluster.nodes.values():
            self.assertNotIn("connection to the broker lost", node.log)
        return load.outcomes, began, restored

    def test_the_only_chat(self):
        outcomes, began, restored = self.cut("Chat")
        self.only(outcomes.to("Login"), OK)
        self.only(outcomes.to("Chat"), OK, NOT_FOUND)
        held = outcomes.to("Chat").where(lambda outcome: outcome.began < restored and outcome.seconds > 1)
        self.only(held, OK)
        not_found = outcomes.of(NOT_FOUND)
        if not_found:  # the cut may end before the silence is suspicious
            self.at_once(not_found)
        self.assertEqual(not_found.began(0, began + 1.9), [], "silence of less than two announcements is none")
        self.within(first_ok(outcomes.to("Chat"), restored), CUT + 1, "answers of Chat after the link was whole")

    def test_one_chat_of_two(self):
        outcomes, _, restored = self.cut("Chat", chats=2)
        self.only(outcomes, OK)
        self.some(outcomes.where(lambda outcome: outcome.seconds > 1), OK)

    def test_the_login_that_chat_calls(self):
        outcomes, began, restored = self.cut("Login")
        says = outcomes.where(lambda outcome: outcome.route == "Chat/Handler_Say")
        self.only(says, OK)
        self.only(outcomes, OK, NOT_FOUND)
        # The cut may end just after Login's silence has become suspicious, and then nobody else serves its type. But
        # the Gate whose sessions Login works on is there all the time, as Login knows.
        not_found = outcomes.of(NOT_FOUND)
        self.assertLessEqual({outcome.text for outcome in not_found}, {"Service(type:Login) not found"})
        self.assertEqual(not_found.began(0, began + 1.9), [], "silence of less than two announcements is none")
        self.within(first_ok(outcomes.to("Login"), restored), CUT + 1, "answers of Login after the link was whole")

    def test_one_gate_of_two(self):
        outcomes, _, _ = self.cut("Gate", gates=2)
        # It judges nobody while it does not hear itself, and a call for a session of its goes to it, silent or not.
        self.only(outcomes, OK)
        self.some(outcomes.where(lambda outcome: outcome.seconds > 1), OK)
