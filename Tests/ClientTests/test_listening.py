"""`:port` is every address that the machine has, for a Gate's ports and for Web's, with IPv4 and IPv6 or one of them."""

import os
import pathlib
import subprocess
import sys
import unittest

from support.server import Server

CHECK = pathlib.Path(__file__).parent / "support" / "addresses.py"
UP = "ip link set lo up"
MACHINES = {
    "both": ([UP, "ip addr add 10.9.9.9/32 dev lo"], ["127.0.0.1", "10.9.9.9", "::1"]),
    "no interface with IPv6": (
        [UP, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1", "ip addr add 10.9.9.9/32 dev lo"], ["127.0.0.1", "10.9.9.9"]),
    "IPv6 alone": ([UP, "ip addr del 127.0.0.1/8 dev lo", "ip addr add fd00::9/128 dev lo"], ["::1", "fd00::9"]),
    "IPv6 sockets for IPv6 only": ([UP, "sysctl -qw net.ipv6.bindv6only=1"], ["127.0.0.1", "::1"]),
}


@unittest.skipUnless(os.geteuid() == 0, "network namespaces need root")
class EveryAddress(unittest.TestCase):
    def test_every_address_of_the_machine(self):
        for name, (setup, addresses) in MACHINES.items():
            with self.subTest(name):
                script = " && ".join(setup) + ' && exec "$@"'
                ran = subprocess.run(
                    ["unshare", "-n", "sh", "-c", script, "sh", sys.executable, str(CHECK), *addresses],
                    capture_output=True, text=True, timeout=60)
                self.assertEqual((ran.returncode, ran.stdout), (0, "well\n"), ran.stdout + ran.stderr)


class Loopback(unittest.TestCase):
    def test_a_port_in_use_is_said(self):
        server = Server()
        self.addCleanup(server.stop)
        again = subprocess.run(
            [os.environ["MQANTSERVER"], "--conf", str(pathlib.Path(server.folder.name) / "server.conf")],
            cwd=pathlib.Path(__file__).parents[2], capture_output=True, text=True, timeout=30)
        self.assertEqual(again.returncode, 1)
        self.assertRegex(again.stderr, r"cannot listen on :\d+: Address already in use")
