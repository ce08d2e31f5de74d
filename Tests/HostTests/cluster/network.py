"""Hosts as network namespaces, at a bridge in the namespace of the tests."""

import contextlib
import ctypes
import os
import subprocess

PREFIX = "10.77"
BRIDGE = f"{PREFIX}.0.1"  # where the broker is, and the tests' clients


CLONE_NEWNET = 0x40000000  # linux/sched.h


def enter(namespace):
    """Moves this thread to another network (setns(2)); `namespace` is an open file."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.setns(namespace.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())


def ip(*arguments):
    result = subprocess.run(["ip", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, f"ip {' '.join(arguments)}: {result.stdout}"


class Network:
    """A bridge, to which hosts are plugged. Gone with the namespace of the tests (cluster/run.py)."""

    def __init__(self):
        assert os.getpid() == 1, "only in namespaces of its own: start the tests by run.sh"
        self.hosts = {}
        # A bridge without a MAC address of its own takes the lowest of its ports, and another with the next port: what
        # hosts have learnt by ARP would be wrong then.
        ip("link", "add", "switch", "address", "02:00:00:00:00:01", "type", "bridge")
        ip("addr", "add", f"{BRIDGE}/16", "dev", "switch")
        ip("link", "set", "switch", "up")

    def host(self, address):
        """The host with this address; made when it is asked for first."""
        if address not in self.hosts:
            self.hosts[address] = Host(address)
        return self.hosts[address]


class Host:
    """One machine: an address of its own, and a link to the bridge."""

    def __init__(self, address):
        self.address = address
        third, fourth = address.split(".")[2:]
        self.name = f"host-{third}-{fourth}"
        self.port = f"port-{third}-{fourth}"
        self._build()

    def _build(self):
        ip("netns", "add", self.name)
        ip("link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("-n", self.name, "addr", "add", f"{self.address}/16", "dev", "eth0")
        ip("-n", self.name, "link", "set", "eth0", "up")
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("link", "set", self.port, "master", "switch", "up")

    def cut(self):
        """Nothing passes the link any more, and neither end is told."""
        ip("link", "set", self.port, "nomaster")

    def restore(self):
        ip("link", "set", self.port, "master", "switch")

    def lose_power(self):
        """The host is gone without a word, and comes back with nothing running: its processes must have been killed
        while the link was cut."""
        ip("link", "delete", self.port)
        ip("netns", "delete", self.name)
        self._build()

    @contextlib.contextmanager
    def inside(self):
        """What this thread connects meanwhile stays on this host, also afterwards: a socket keeps its network."""
        with open("/proc/thread-self/ns/net") as home, open(f"/run/netns/{self.name}") as there:
            enter(there)
            try:
                yield
            finally:
                enter(home)

    def command(self, *arguments):
        """What starts a program on this host; the process becomes the program."""
        return ["ip", "netns", "exec", self.name, *arguments]
