"""A RabbitMQ of the tests' own, at the bridge's address."""

import base64
import hashlib
import json
import os
import pathlib
import secrets
import signal
import socket
import subprocess
import sys
import time

from support.deadline import until
from support.rabbitmq import CTL, EPMD, SERVER

from . import FOLDER
from .network import BRIDGE

PORT = 5672
USER, PASSWORD = "mqant", "mqant"  # what conf/cluster.conf says
VHOSTS = ["/"] + [f"c{number}" for number in range(1, 16)]
COOKIE_FOLDER = FOLDER / "broker" / "home"  # of all brokers, so that they can be a cluster
START_SECONDS = 180.0  # on a busy machine; one of a cluster waits for what the others know
ESTABLISHED = "01"  # net/tcp_states.h


class Broker:
    """Debian's rabbitmq-server in the foreground, or another version (support/rabbitmq.py), with a node name, an epmd
    and a data folder of its own.

    `start` is not called by itself. Everything is gone with the namespaces of the tests (cluster/run.py).
    """

    def __init__(self, number=1):
        """`number`: 1, or that of a further one (cluster/brokers.py), which has the port after and no definitions."""
        self.port = PORT + number - 1
        self.node = "mqant@localhost" if number == 1 else f"mqant-{number}@localhost"
        self.folder = FOLDER / ("broker" if number == 1 else f"broker-{number}")
        for folder in (COOKIE_FOLDER, self.folder / "db", self.folder / "log"):
            folder.mkdir(parents=True, exist_ok=True)
        cookie = COOKIE_FOLDER / ".erlang.cookie"
        if not cookie.exists():
            # Brokers that start at one time would make one each.
            cookie.write_text(secrets.token_hex(16))
            cookie.chmod(0o400)
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(COOKIE_FOLDER),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_DIST_PORT": str(20000 + self.port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "db"), "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(self.folder / "feature_flags"),
            # Several brokers share this machine: none shall turn in circles while it has nothing to do.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
        }
        (self.folder / "enabled_plugins").write_text("[].\n")
        # Nothing that fills this machine may raise an alarm that no test asked for.
        # RabbitMQ 4 takes messages of 16 MiB only, unless told otherwise: this is what 3.10 takes.
        lines = [f"listeners.tcp.1 = {BRIDGE}:{self.port}", "vm_memory_high_watermark.absolute = 2GiB",
                 "disk_free_limit.absolute = 1MB", "max_message_size = 134217728",
                 # Of a cluster, as in conf/rabbitmq/cluster.conf. RabbitMQ 4 with Khepri ignores the first.
                 "cluster_partition_handling = pause_minority", "net_ticktime = 20"]
        if number == 1:
            (self.folder / "definitions.json").write_text(json.dumps(self._definitions()))
            lines.append(f"load_definitions = {self.folder}/definitions.json")
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        # Ours, in the foreground: Erlang would start a daemon. One for all brokers.
        self.epmd = None if number > 1 else subprocess.Popen(
            [EPMD, "-address", "127.0.0.1"], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.process = None
        self.listening = None  # time.monotonic() of the moment it took connections again

    def _definitions(self):
        salt = os.urandom(4)
        digest = base64.b64encode(salt + hashlib.sha256(salt + PASSWORD.encode()).digest()).decode()
        return {
            "users": [{"name": USER, "password_hash": digest, "hashing_algorithm": "rabbit_password_hashing_sha256",
                       "tags": []}],
            "vhosts": [{"name": name} for name in VHOSTS],
            "permissions": [{"user": USER, "vhost": name, "configure": ".*", "write": ".*", "read": ".*"}
                            for name in VHOSTS],
        }

    def begin(self):
        """Starts it, and does not wait."""
        # With this in the environment the script becomes the node instead of a shell that waits for it.
        environment = dict(self.environment, RABBITMQ_ALLOW_INPUT="1")
        self.listening = None
        with open(self.folder / "log" / "console", "ab") as log:
            self.process = subprocess.Popen(
                [SERVER, "-noinput"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT)

    def begin_and_stand_still(self):
        """Starts it, and stops it on the way (SIGSTOP), long before it listens; `go_on` lets it end what it began."""
        console = self.folder / "log" / "console"
        before = console.stat().st_size if console.exists() else 0
        self.begin()
        until("the broker begins", lambda: b"Starting broker" in console.read_bytes()[before:], START_SECONDS)
        self.process.send_signal(signal.SIGSTOP)
        assert not self._listens(), "stopped too late"

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def wait(self):
        """Until it takes connections; notes the moment."""
        until("the broker listens", self._listens, START_SECONDS)
        self.listening = time.monotonic()

    def start(self):
        self.begin()
        self.wait()
        return self

    def _listens(self):
        assert self.process.poll() is None, f"rabbitmq-server ended with status {self.process.returncode}"
        try:
            socket.create_connection((BRIDGE, self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        """An orderly end: clients are told."""
        self._end(signal.SIGTERM)

    def kill(self):
        """SIGKILL: no client is told."""
        self._end(signal.SIGKILL)

    def _end(self, number):
        self.process.send_signal(number)
        self.process.wait(60)

    def stand_still(self):
        """SIGSTOP: connections stay open, and nobody answers. `go_on` ends it."""
        self.process.send_signal(signal.SIGSTOP)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        if self.epmd:
            self.epmd.kill()
            self.epmd.wait()

    def ctl(self, *arguments):
        """Runs rabbitmqctl against it and returns what it prints."""
        result = subprocess.run(
            [CTL, "-q", "-n", self.node, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert result.returncode == 0, f"rabbitmqctl {' '.join(arguments)}: {result.stdout}"
        return result.stdout

    def connections_from(self, address):
        """How many connections from an address it has, as the kernel tells: texts of the log vary."""
        here, there = (f"{int.from_bytes(socket.inet_aton(each), sys.byteorder):08X}" for each in (BRIDGE, address))
        rows = [line.split()[1:4] for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return sum(local == f"{here}:{self.port:04X}" and remote.startswith(f"{there}:") and state == ESTABLISHED
                   for local, remote, state in rows)

    def queues(self, vhost):
        """The names of a virtual host's queues."""
        return self.ctl("list_queues", "-p", vhost, "--no-table-headers", "name").split()
