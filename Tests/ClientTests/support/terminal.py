"""The chat client as a process of its own, with its output read line by line."""

import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

from .deadline import until
from .server import HOST, ROOT

CLIENT = ROOT / "clients/python/mqtt_chat_client.py"
PAHO_1 = pathlib.Path(sys.prefix) / "paho1"  # made by run.sh


class Terminal:
    """`clients/python/mqtt_chat_client.py`, its input a pipe or a pseudo-terminal."""

    def __init__(self, port, *flags, paho=2, terminal=False):
        environment = dict(os.environ, PYTHONUNBUFFERED="1")
        if paho == 1:
            environment["PYTHONPATH"] = str(PAHO_1)
        self.changed = threading.Condition()
        self.output = ""
        if terminal:
            self.keyboard, ours = os.openpty()
        else:
            ours, self.keyboard = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, str(CLIENT), "--host", HOST, "--port", str(port), *flags], env=environment,
            stdin=ours, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
        os.close(ours)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while text := os.read(self.process.stdout.fileno(), 4096).decode():
            with self.changed:
                self.output += text
                self.changed.notify_all()

    def type(self, line):
        os.write(self.keyboard, (line + "\n").encode())

    def see(self, text, count=1, seconds=20.0):
        """Waits until `text` has been printed `count` times."""
        end = time.monotonic() + seconds
        with self.changed:
            while self.output.count(text) < count:
                left = end - time.monotonic()
                assert left > 0, f"not within {seconds} s: {text!r} in {self.output!r}"
                self.changed.wait(left)

    def interrupt(self):
        """Ctrl-C, once the client waits for input: a signal a moment earlier would find Python on its way there."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/stat")
        until("the client waits for input", lambda: stat.read_text().rsplit(")", 1)[1].split()[0] == "S")
        self.process.send_signal(signal.SIGINT)

    def end_input(self):
        if self.keyboard is not None:
            os.close(self.keyboard)
            self.keyboard = None

    def wait(self):
        """The exit status, and all that was printed."""
        status = self.process.wait(20)
        self.reader.join()
        return status, self.output

    def close(self):
        self.end_input()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
