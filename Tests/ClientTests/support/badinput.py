"""What the tests of bad input have in common."""

import unittest

from .bystander import Bystanders
from .raw import Closed, RawTCP, RawWebSocket


class BadInputCase(unittest.TestCase):
    """Every test ends with a look at two bystanders, who must not have noticed anything.

    A subclass module sets `server` on this class before its tests run.
    """

    server = None
    transports = (RawTCP, RawWebSocket)

    @classmethod
    def setUpClass(cls):
        cls.bystanders = Bystanders(cls.server.tcp, f"quiet-{cls.__name__}")
        cls.addClassCleanup(cls.bystanders.close)

    def tearDown(self):
        self.bystanders.check()
        heard = self.bystanders.heard()
        self.assertEqual(heard, [f"number {n + 1}" for n in range(len(heard))], "each message once and in order")

    def raw(self, transport=RawTCP):
        raw = transport(self.server.tcp if transport is RawTCP else self.server.ws)
        self.addCleanup(raw.close)
        return raw

    def each_transport(self, cases):
        """Pairs every case with TCP and with WebSocket."""
        return [(transport, *case) for case in cases for transport in self.transports]

    def assert_error(self, raw, topic, payload, text=None):
        """The request is answered by an error, this one if `text` is given, and the connection goes on."""
        reply = raw.call(topic, payload)
        self.assertEqual(set(reply), {"Error", "Result"})
        self.assertTrue(reply["Error"], f"an error was due: {reply}")
        if text is not None:
            self.assertEqual(reply["Error"], text)
        again = raw.call("Nope/Handler_Nope/again", "{}")
        self.assertEqual(again["Error"], "Service(type:Nope) not found")

    def assert_answer_or_close(self, raw, topic, payload):
        """Either answer is fine, silence is not."""
        try:
            raw.call(topic, payload)
        except Closed:
            pass

    def assert_closed(self, raw, data=b"", seconds=10.0):
        """The server hangs up, without a single packet."""
        raw.send(data)
        self.assertEqual(raw.packets_until_closed(seconds), [])
