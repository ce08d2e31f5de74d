"""A RabbitMQ of the tests' own: Debian's rabbitmq-server on a free port, with a node name, an epmd, an Erlang
cookie and a data folder of its own. The service that apt may have started is neither used nor touched."""

import itertools
import os
import pathlib
import signal
import subprocess
import tempfile

from .deadline import until
from .ports import free_port
from .rabbitmq import CTL, EPMD, SERVER

HOST = "127.0.0.1"
# What is started by way of this ends with the tests, in whatever way they end (util-linux).
WITH_US = ["setpriv", "--pdeathsig", "KILL"]
numbers = itertools.count(1)


class Broker:
    """Running from construction until `remove`."""

    def __init__(self, address=HOST, configuration=()):
        """`address`: where AMQP is listened for. `configuration`: further lines of rabbitmq.conf."""
        self.address, self.port = address, free_port()
        self.node = f"mqant-py-{os.getpid()}-{next(numbers)}@localhost"
        self._folder = tempfile.TemporaryDirectory(prefix="client-tests-rabbitmq-", ignore_cleanup_errors=True)
        folder = pathlib.Path(self._folder.name)
        for name in ("home", "db", "log"):
            (folder / name).mkdir()
        lines = [f"listeners.tcp.1 = {address}:{self.port}", "vm_memory_high_watermark.absolute = 2GiB",
                 "disk_free_limit.absolute = 1MB",
                 # RabbitMQ 4 takes messages of 16 MiB only, unless told otherwise: this is what 3.10 takes.
                 "max_message_size = 134217728", *configuration]
        (folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (folder / "enabled_plugins").write_text("[].\n")
        self.log = folder / "output"
        epmd_port = free_port()
        self.environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": f"{folder}/home",
            "ERL_EPMD_PORT": str(epmd_port), "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": self.node, "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": f"{folder}/db", "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{folder}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins", "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_FEATURE_FLAGS_FILE": f"{folder}/feature_flags",
            # Makes the script become the node instead of a shell that waits for it: one pid.
            "RABBITMQ_ALLOW_INPUT": "1",
        }
        # Ours, in the foreground: Erlang would start a daemon that nobody stops.
        self.epmd = subprocess.Popen([*WITH_US, EPMD, "-port", str(epmd_port), "-address", HOST],
                                     env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL, start_new_session=True)
        self.process = None
        try:
            self.start()
        except BaseException:
            self.remove()
            raise

    def start(self):
        """Starts it, again after `kill`, on the same port and data, and waits until it takes connections."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([*WITH_US, SERVER, "-noinput"], env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                                            start_new_session=True)
        until("the broker has started", self._is_up, 90, 0.1)

    def _is_up(self):
        text = self.log.read_text(errors="replace")
        if self.process.poll() is not None:
            raise AssertionError(f"rabbitmq-server ended: {text[-2000:]}")
        return "completed with" in text

    def kill(self):
        """SIGKILL: no client is told."""
        if self.process is not None:
            self._end(self.process)
            self.process = None

    @staticmethod
    def _end(process):
        if process.poll() is None:
            # A session of its own: whatever it started is in it.
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)

    def remove(self):
        """Ends it for good, with all that it wrote."""
        self.kill()
        self._end(self.epmd)
        self._folder.cleanup()

    def ctl(self, *arguments):
        """Runs rabbitmqctl against this broker; returns its output, raises AssertionError with it if that fails."""
        ran = subprocess.run([CTL, "-n", self.node, "-q", *arguments], env=self.environment,
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90)
        assert ran.returncode == 0, f"rabbitmqctl {' '.join(arguments)}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def uri(self, user="guest", password="guest", virtual_host="%2F"):
        return f"amqp://{user}:{password}@{self.address}:{self.port}/{virtual_host}"
