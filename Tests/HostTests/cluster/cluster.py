"""Nodes that meet at one virtual host of a broker."""

import contextlib
import json
import os
import subprocess

from support.deadline import until
from support.player import Player

from . import FOLDER
from .broker import PASSWORD, PORT, USER
from .brokers import COUNT
from .network import BRIDGE, PREFIX
from .node import ROOT, Node

TCP, WS = 3563, 3653
SHIPPED = ROOT / "conf/cluster.conf"
FIRST = {"Gate": 16, "Login": 32, "Chat": 48, "Spy": 64}  # each type's addresses: so many and the 15 after it


class Cluster:
    """Hosts of its own, one node on each, all started with the same file. If there are several brokers, nodes are
    spread over them: each node's file has the URIs of all, and they differ in which is the first.

    `number` tells clusters at one broker apart: it is their virtual host and their part of the addresses.
    """

    def __init__(self, network, number, timeout=10, uri=None, ids=None):
        """`timeout` in seconds: RPC.Timeout; `ids`: module type → Id, instead of one per host."""
        self.network, self.number, self.timeout = network, number, timeout
        self.vhost = f"c{number}"
        uris = [uri] if uri else [f"amqp://{USER}:{PASSWORD}@{BRIDGE}:{PORT + broker}/{self.vhost}"
                                  for broker in range(COUNT)]
        self.uri = uris[0]
        self.conf = FOLDER / f"cluster-{number}.conf"
        self.conf.write_text(json.dumps(self._configuration(ids or {}, uris), indent=2))
        self.nodes = {}
        self.players = []

    def _configuration(self, ids, uris):
        settings = {"Gate": {"TCPAddr": f":{TCP}", "WSAddr": f":{WS}", "MaxMsgLen": 65536, "HTTPTimeout": 10,
                             "MaxConnNum": 1000}}

        def entry(name):
            network = f"{PREFIX}.{self.number}.{FIRST[name]}/28"
            entry = {"Id": ids.get(name, "{host}:" + name), "Host": network}
            return [entry | ({"Settings": settings[name]} if name in settings else {})]

        return {
            "Module": {name: entry(name) for name in ("Gate", "Login", "Chat")},
            "Rabbitmq": {"Uri": uris if len(uris) > 1 else uris[0], "Exchange": "mqant"},
            "RPC": {"Timeout": self.timeout},
            "Mqtt": {"WirteLoopChanNum": 10, "ReadPackLoop": 10, "ReadTimeout": 60, "WriteTimeout": 30},
        }

    def address(self, name, index=0):
        return f"{PREFIX}.{self.number}.{FIRST[name] + index}"

    def host(self, name, index=0):
        return self.network.host(self.address(name, index))

    def start(self, name, index=0, **options):
        """Starts the node on a host of this module type; does not wait."""
        if (name, index) in self.nodes:
            self.nodes[name, index].close()
        node = Node(self.host(name, index), self.conf, name=f"{self.vhost}-{name}-{index}", **options)
        self.nodes[name, index] = node
        return node

    def start_all(self, gates=1, logins=1, chats=1, options=None):
        """Starts so many of each, and waits until calls reach all."""
        for name, count in (("Login", logins), ("Chat", chats), ("Gate", gates)):
            for index in range(count):
                self.start(name, index, **(options or {}).get((name, index), {}))
        self.wait()
        return self

    def wait(self):
        for (name, index), node in self.nodes.items():
            node.see("TCP Listen" if name == "Gate" else "listening id(")
        for name, index in self.nodes:
            if name == "Gate":
                self.wait_for_calls(index)

    def wait_for_calls(self, gate=0, seconds=20.0):
        """Until a Gate knows a Login and a Chat, which know the Gate."""
        probe = Player(TCP, host=self.address("Gate", gate))
        try:
            until("Login answers", lambda: self._succeeds(probe, "Login/Handler_Login", userName="p", passWord=""), seconds)
            room = f"probe-{gate}"
            until("Chat answers", lambda: self._succeeds(probe, "Chat/Handler_JoinChat", roomName=room), seconds)
        finally:
            probe.close()

    @staticmethod
    def _succeeds(probe, route, **arguments):
        error = probe.call(route, **arguments)[1]
        return error == "" or error.startswith("Already")

    def node(self, name, index=0):
        return self.nodes[name, index]

    def connect(self, name, gate=0, beside_gate=False):
        """A player who has logged in, on the broker's host or on the Gate's. Whoever asks closes it."""
        with self.host("Gate", gate).inside() if beside_gate else contextlib.nullcontext():
            return Player(TCP, name, host=self.address("Gate", gate))

    def player(self, *details, **more):
        """The same; closed with the cluster."""
        player = self.connect(*details, **more)
        self.players.append(player)
        return player

    def status(self, name="Gate", index=0):
        """What `mqantserver status` says on a host: its rows by Id."""
        command = self.host(name, index).command(
            os.environ["MQANTSERVER"], "status", "--json", "--conf", str(self.conf))
        result = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30)
        assert result.returncode == 0, result.stderr
        return {row["id"]: row for row in json.loads(result.stdout)}

    def close(self):
        for player in self.players:
            player.close()
        failures = []
        for node in self.nodes.values():
            try:
                node.close()
            except AssertionError as error:
                failures.append(str(error))
        assert not failures, "\n".join(failures)

    def instance(self, name, index=0):
        return f"{self.address(name, index)}:{name}"
