"""An mqantserver process on a host."""

import os
import pathlib
import signal
import subprocess
import threading
import time

from . import SLACK

ROOT = pathlib.Path(__file__).resolve().parents[3]
SECONDS = 30.0
END = 10.0  # seconds in which a node that is told to has ended (docs/architecture.md#failure-semantics)


class Node:
    """Running from construction; its log is read line by line as it comes."""

    def __init__(self, host, conf, name=None, clock=None):
        """`clock`: a WallClock, if the host's own is not to be right."""
        self.host, self.conf = host, conf
        self.name = name or host.name
        self.changed = threading.Condition()
        self.lines = []  # (time.monotonic(), text)
        self.ended = None  # when its output ended
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            host.command(os.environ["MQANTSERVER"], "run", "--conf", str(conf)), cwd=ROOT,
            env=dict(os.environ, **(clock.environment if clock else {})), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append((time.monotonic(), line.decode(errors="replace").rstrip("\n")))
                self.changed.notify_all()
        with self.changed:
            self.ended = time.monotonic()
            self.changed.notify_all()

    @property
    def log(self):
        with self.changed:
            return "\n".join(line for _, line in self.lines)

    def see(self, text, seconds=SECONDS, count=1):
        """Waits until `count` lines hold a text; returns the last of them."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = [line for _, line in self.lines if text in line]
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0 or self.ended is not None:
                    break
                self.changed.wait(left)
        why = "its output ended" if self.ended is not None else f"not within {seconds} s"
        raise AssertionError(f"{self.name}: {why}: {text!r} in\n{self.log}")

    def when(self, text, since, seconds=SECONDS):
        """Waits for the first line after a moment that holds a text; returns the moment at which it came."""
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = next((when for when, line in self.lines if when >= since and text in line), None)
                if found is not None:
                    return found
                left = end - time.monotonic()
                assert left > 0 and self.ended is None, f"{self.name} never said {text!r}:\n{self.log}"
                self.changed.wait(left)

    def instances(self):
        """The Ids that it says it serves, in the order of their start."""
        mark = "listening id("
        return [line.split(mark, 1)[1].split(")")[0] for line in self.log.splitlines() if mark in line]

    @property
    def is_running(self):
        return self.process.poll() is None

    def signal(self, number):
        """Returns when it was sent."""
        self.process.send_signal(number)
        return time.monotonic()

    def kill(self):
        """SIGKILL; returns when."""
        when = self.signal(signal.SIGKILL)
        self.process.wait(10)
        return when

    def wait(self, seconds=SECONDS):
        """Its exit status."""
        status = self.process.wait(seconds)
        self.reader.join(5)
        return status

    def end(self, number):
        """Tells it to end by a signal, and waits; returns its exit status, and how many seconds it took."""
        told = self.signal(number)
        return self.wait(), time.monotonic() - told

    def close(self):
        """Ends it as a person would, if it still runs, and checks that it goes well."""
        try:
            if self.is_running:
                status, seconds = self.end(signal.SIGTERM)
                assert status == 0, f"{self.name} ended with status {status}:\n{self.log[-4000:]}"
                assert seconds <= END + SLACK, f"{self.name} took {seconds:.2f} s to end:\n{self.log[-4000:]}"
        finally:
            if self.is_running:
                self.kill()
            self.reader.join(5)
            self.process.stdout.close()
            self._keep()

    def _keep(self):
        folder = os.environ.get("HOST_TESTS_LOGS")
        if folder:
            path = pathlib.Path(folder)
            path.mkdir(parents=True, exist_ok=True)
            first = f"{self.name}-{self.process.pid}"
            (path / f"{first}.log").write_text(
                "\n".join(f"{when - self.began:9.3f} {line}" for when, line in self.lines) + "\n")
