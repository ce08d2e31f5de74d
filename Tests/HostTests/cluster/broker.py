"""A RabbitMQ of the tests' own, at the bridge's address."""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import time

from support.deadline import until

from . import FOLDER
from .network import BRIDGE

PORT = 5672
USER, PASSWORD = "mqant", "mqant"  # what conf/cluster.conf says
SCRIPTS = "/usr/lib/rabbitmq/bin"
VHOSTS = ["/"] + [f"c{number}" for number in range(1, 16)]
NODE = "mqant@localhost"
START_SECONDS = 90.0


class Broker:
    """Debian's rabbitmq-server in the foreground, with a node name, an epmd and a data folder of its own.

    `start` is not called by itself. Everything is gone with the namespaces of the tests (cluster/run.py).
    """

    def __init__(self):
        self.folder = FOLDER / "broker"
        for name in ("home", "db", "log"):
            (self.folder / name).mkdir(parents=True)
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(self.folder / "home"),
            "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": NODE,
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
        (self.folder / "definitions.json").write_text(json.dumps(self._definitions()))
        # Nothing that fills this machine may raise an alarm that no test asked for.
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {BRIDGE}:{PORT}\nload_definitions = {self.folder}/definitions.json\n"
            "vm_memory_high_watermark.absolute = 2GiB\ndisk_free_limit.absolute = 1MB\n")
        # Ours, in the foreground: Erlang would start a daemon.
        self.epmd = subprocess.Popen(
            ["epmd", "-address", "127.0.0.1"], env=self.environment, stdin=subprocess.DEVNULL,
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
                [f"{SCRIPTS}/rabbitmq-server", "-noinput"], env=environment, stdin=subprocess.DEVNULL, stdout=log,
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
            socket.create_connection((BRIDGE, PORT), 1).close()
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

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        self.epmd.kill()
        self.epmd.wait()

    def ctl(self, *arguments):
        """Runs rabbitmqctl against it and returns what it prints."""
        result = subprocess.run(
            [f"{SCRIPTS}/rabbitmqctl", "-q", "-n", NODE, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert result.returncode == 0, f"rabbitmqctl {' '.join(arguments)}: {result.stdout}"
        return result.stdout

    def accepted(self, address):
        """How many connections from an address it says that it took in."""
        lines = (self.folder / "log" / f"{NODE}.log").read_text(errors="replace").splitlines()
        return sum("accepting AMQP connection" in line and f"({address}:" in line for line in lines)

    def count_copies(self):
        """Has channels opened from now on tell what they publish, for `copies`, twice a second."""
        self.ctl("eval", "application:set_env(rabbit, collect_statistics, fine), "
                         "application:set_env(rabbit, collect_statistics_interval, 500).")

    def copies(self, exchange):
        """How many messages the broker has put into queues of what was published to an exchange."""
        counts = self.ctl("eval", f"[N || {{{{_, {{_, {{resource, _, exchange, <<\"{exchange}\">>}}}}}}, N, _}} "
                                  "<- ets:tab2list(channel_queue_exchange_metrics)].")
        return sum(int(number) for number in re.findall(r"\d+", counts))

    def queues(self, vhost):
        """The names of a virtual host's queues."""
        return self.ctl("list_queues", "-p", vhost, "--no-table-headers", "name").split()
