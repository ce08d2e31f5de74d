"""conf/compose.conf as it is, on hosts with the addresses of docker-compose.yml's network."""

import ipaddress
import json
import os
import re
import subprocess
import unittest
import urllib.request

from cluster.broker import PASSWORD
from cluster.case import World
from cluster.network import ip
from cluster.node import ROOT, Node
from support.deadline import until
from support.player import Player
from test_chat import talk

CONF = ROOT / "conf/compose.conf"
SERVER = os.environ["MQANTSERVER"]
TCP, HTTP = 3563, 8080
CHATS = 3
ROOMS = [f"compose-{number}" for number in range(12)]


class Network:
    """What docker-compose.yml says of addresses, with the defaults of its variables."""

    def __init__(self):
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (ROOT / "docker-compose.yml").read_text())
        self.of = {}  # service → address, of those that have a fixed one
        service = None
        for line in text.splitlines():
            if named := re.fullmatch(r"  ([\w-]+):", line):
                service = named[1]
            elif fixed := re.search(r"ipv4_address: (\S+)", line):
                self.of[service] = fixed[1]
        self.gateway = re.search(r"gateway: (\S+)", text)[1]
        self.subnet = ipaddress.ip_network(re.search(r"subnet: (\S+)", text)[1])
        self.range = ipaddress.ip_network(re.search(r"ip_range: (\S+)", text)[1])

    def dynamic(self, index):
        """The address of the container so many of those without a fixed one."""
        return str(self.range[index])


def setUpModule():
    global network
    network = Network()
    World.set_up(starts_broker=False)
    for address in (network.gateway, network.of["rabbitmq"]):
        ip("addr", "add", f"{address}/{network.subnet.prefixlen}", "dev", "switch")
    with open(World.broker.folder / "rabbitmq.conf", "a") as file:
        file.write(f"listeners.tcp.2 = {network.of['rabbitmq']}:5672\n")
    World.broker.start()
    # Virtual host, user and permissions that docs/three-hosts.md recommends.
    World.broker.ctl("import_definitions", str(ROOT / "conf/rabbitmq/definitions.json"))
    World.broker.ctl("change_password", "mqant", PASSWORD)
    os.environ["RABBITMQ_PASSWORD"] = PASSWORD


def run(address, *arguments):
    """Runs the program on a host; its status, output and errors."""
    done = subprocess.run(
        World.network.host(address).command(SERVER, *arguments, "--conf", str(CONF)), cwd=ROOT, capture_output=True,
        text=True, timeout=30)
    return done.returncode, done.stdout, done.stderr


class Compose(unittest.TestCase):
    """Gate, Login, Web and three Chats, each on a host of its own."""

    @classmethod
    def setUpClass(cls):
        chats = [network.dynamic(index) for index in range(CHATS)]
        cls.modules = {network.of["login"]: "Login", network.of["web"]: "Web", network.of["gate"]: "Gate"}
        cls.modules |= dict.fromkeys(chats, "Chat")
        cls.nodes = {}
        for address in cls.modules:
            cls.nodes[address] = Node(World.network.host(address), CONF)
            cls.addClassCleanup(cls.nodes[address].close)
        for address, name in cls.modules.items():
            cls.nodes[address].see(f"listening id({address}:{name})")
        for address in cls.modules:
            until(f"{address} is healthy", lambda: run(address, "health")[0] == 0, 20)

    def player(self, name):
        player = Player(TCP, name, host=network.of["gate"])
        self.addCleanup(player.close)
        return player

    def calls(self):
        """The Chats that answer to `status`: id → calls answered."""
        status, output, errors = run(network.of["gate"], "status", "--json")
        self.assertEqual((status, errors), (0, ""))
        rows = [row for row in json.loads(output) if row["type"] == "Chat" and row.get("status")]
        return {row["id"]: row["status"]["calls"] for row in rows}

    def test_each_host_starts_its_own_module_only(self):
        for address, name in self.modules.items():
            with self.subTest(name, address=address):
                self.assertEqual(self.nodes[address].instances(), [f"{address}:{name}"])
                self.assertEqual(run(address, "health"), (0, f"up: {address}:{name}\n", ""))

    def test_the_definitions_are_those_of_the_docs(self):
        definitions = json.loads((ROOT / "conf/rabbitmq/definitions.json").read_text())
        permissions = definitions["permissions"][0]
        docs = (ROOT / "docs/three-hosts.md").read_text()
        command = re.search(r"set_permissions -p mqant mqant \\\n +'(.*)' \\\n +'(.*)' \\\n +'(.*)'\n", docs)
        self.assertEqual(command.groups(), tuple(permissions[name] for name in ("configure", "write", "read")))

    def test_check_says_so_for_every_address(self):
        others = [network.gateway, network.of["rabbitmq"], str(network.range[0] - 1), str(network.range[-1] + 1)]
        for address in [*self.modules, *map(str, network.range), *others]:
            output = subprocess.run(
                [SERVER, "check", "--conf", str(CONF), "--host", address], cwd=ROOT, capture_output=True, text=True,
                check=True, timeout=30).stdout
            starting = re.findall(r"^(\w+) +(\S+) +\S+ +yes ", output, re.MULTILINE)
            name = self.modules.get(address, "Chat" if ipaddress.ip_address(address) in network.range else None)
            self.assertEqual(starting, [(name, f"{address}:{name}")] if name else [], output)

    def test_talk_in_rooms_of_every_chat(self):
        before = self.calls()
        self.assertEqual(set(before), {f"{network.dynamic(index)}:Chat" for index in range(CHATS)})
        for room in ROOMS:
            talk(self, self.player("ada"), self.player("bob"), room)
        for chat, calls in self.calls().items():
            self.assertGreater(calls, before[chat], f"{chat} had a share of {len(ROOMS)} rooms")

    def test_the_page(self):
        for path in ("index.html", "chat.js"):
            with urllib.request.urlopen(f"http://{network.of['web']}:{HTTP}/mqant/{path}", timeout=10) as answer:
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.read(), (ROOT / "clients/web" / path).read_bytes())

    def test_a_chat_dies_and_another_comes(self):
        ada, bob = self.player("ada"), self.player("bob")
        rooms = [f"dies-{number}" for number in range(12)]
        for room in rooms:
            ada.join(room)
            bob.join(room)
        lost, address = network.dynamic(CHATS), network.dynamic(CHATS + 1)
        nodes = [Node(World.network.host(place), CONF) for place in (lost, address)]
        self.addCleanup(nodes[1].close)
        for node, place in zip(nodes, (lost, address)):
            node.see(f"listening id({place}:Chat)")
        until("both serve", lambda: {f"{lost}:Chat", f"{address}:Chat"} <= set(self.calls()), 10)
        nodes[0].kill()
        self.addCleanup(nodes[0].close)
        # Whoever asks the dead one in its last moment is told; nobody waits for long.
        for room in rooms:
            until(f"{room} goes on", lambda: not ada.call("Chat/Handler_Say", roomName=room, say="once more")[1], 10)
            for player in (ada, bob):
                player.expect("Chat/OnSay", roomName=room, userName="ada", say="once more")
        self.assertEqual(run(lost, "health")[::2], (1, f"not up: {lost}:Chat is not known at the broker\n"))
        self.assertNotIn(f"{lost}:Chat", self.calls())

    def test_an_address_of_nobody_starts_nothing(self):
        status, _, errors = run(str(network.range[-1] + 1), "run")
        self.assertEqual(status, 1)
        self.assertIn("no module of", errors)
        self.assertIn("starts on this machine", errors)
