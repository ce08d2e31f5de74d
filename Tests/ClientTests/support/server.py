"""The server under test: the binary named by $MQANTSERVER, with a configuration and ports of its own."""

import json
import os
import pathlib
import resource
import signal
import socket
import subprocess
import tempfile

from .deadline import until
from .ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[3]
HOST = "127.0.0.1"
MAX_MESSAGE = 262_144  # bytes: room for a payload nested 100 000 levels deep


class Server:
    """Running from construction until `stop`."""

    def __init__(self, connect_deadline=10, without=(), gate=None, web=None, limit=None, login=None):
        """`connect_deadline` in seconds: how long the Gate waits for a CONNECT. `without`: module types left out.
        `gate`, `web`, `login`: further settings of the Gate, of the Web, of Login. `limit`: how many files the process may have open."""
        self.tcp, self.ws, self.http = free_port(), free_port(), free_port()
        self.folder = tempfile.TemporaryDirectory(prefix="client-tests-server-")
        path = pathlib.Path(self.folder.name)
        (path / "server.conf").write_text(json.dumps(
            self._configuration(connect_deadline, without, gate or {}, web or {}, login or {}), indent=2))
        self.log = path / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [os.environ["MQANTSERVER"], "run", "--conf", str(path / "server.conf")],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                preexec_fn=limit and (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))))
        self.ports = ([] if "Gate" in without else [self.tcp, self.ws]) + ([] if "Web" in without else [self.http])
        try:
            until("the server listens on its ports", self._listens, 30)
        except BaseException:
            self.process.kill()
            self.process.wait()
            print(self.log.read_text(errors="replace"))
            self.folder.cleanup()
            raise

    def _configuration(self, connect_deadline, without, gate, web, login):
        def entry(name, **settings):
            return [{"Id": f"{HOST}:{name}", "Host": HOST, "Settings": settings}]

        modules = {
            "Gate": entry("Gate", **{
                "TCPAddr": f":{self.tcp}", "WSAddr": f":{self.ws}", "MaxMsgLen": MAX_MESSAGE,
                "HTTPTimeout": connect_deadline, "MaxConnNum": 1000} | gate),
            "Login": entry("Login", **login),
            "Chat": entry("Chat"),
            "Web": entry("Web", **{
                "Addr": f":{self.http}", "Root": str(ROOT / "clients/web"), "Path": "/mqant/"} | web),
        }
        return {
            "Module": {name: entries for name, entries in modules.items() if name not in without},
            "Mqtt": {"WirteLoopChanNum": 10, "ReadPackLoop": 10, "ReadTimeout": 60, "WriteTimeout": 30},
        }

    def _listens(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with status {self.process.returncode}")
        for port in self.ports:
            try:
                socket.create_connection((HOST, port), 1).close()
            except OSError:
                return False
        return True

    def page(self, port=None):
        """The page's URL; its Gate is at `port`, which a test may put a proxy on."""
        return f"http://{HOST}:{self.http}/mqant/index.html?ws=ws://{HOST}:{port or self.ws}/"

    def descriptors(self, kind=""):
        """How many files the process has open; of those, the ones whose names contain `kind`, such as `socket:`."""
        count = 0
        for path in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            try:
                count += kind in os.readlink(path)
            except FileNotFoundError:
                pass  # closed meanwhile
        return count

    def processor_time(self):
        """The seconds of a processor that the process has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """Ends the server as a person would, and checks that it goes well."""
        try:
            ended = self.process.poll()
            assert ended is None, f"the server had ended by itself, with status {ended}:\n{self._tail()}"
            self.process.send_signal(signal.SIGINT)
            status = self.process.wait(20)
            assert status == 0, f"the server ended with status {status}:\n{self._tail()}"
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.folder.cleanup()

    def _tail(self):
        return self.log.read_text(errors="replace")[-4000:]
