"""Runs modules of tests side by side, each in namespaces of its own.

A module gets a process with its own network, processes and mounts (`unshare`). So no two runs can meet: not in an
address, a port or a name. When the process ends, in whatever way, the kernel ends everything that it started, and
with the last of them go the network and the files; there is nothing to clean up afterwards, also not for a later run.
"""

import ctypes
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time

from . import FOLDER

HERE = pathlib.Path(__file__).resolve().parents[1]
LANES = int(os.environ.get("HOST_TESTS_LANES", "4"))
BROKERS = int(os.environ.get("HOST_TESTS_BROKERS", "1"))
# No module takes so long. A broker needs half a minute to come back to its cluster.
MODULE_SECONDS = 400 + float(os.environ.get("HOST_TESTS_CHAOS_SECONDS", "60")) * BROKERS + 100 * (BROKERS - 1)
PR_SET_PDEATHSIG = 1  # linux/prctl.h

# The first: what takes longest, so that nothing has to wait for it in the end.
ORDER = ["test_broker", "test_chaos", "test_rooms", "test_callee", "test_link_long", "test_identity", "test_link",
         "test_elastic", "test_compose", "test_membership", "test_ending"]

# Only the module's processes see these mounts; the empty folders stay, for others may use them at this moment.
PREPARE = f"""
set -e
for folder in {FOLDER} /run/netns; do
    mkdir -p "$folder"
    mount -t tmpfs tmpfs "$folder"
done
ip link set lo up
exec "$@"
"""


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Module:
    """The tests of one module that were asked for, as a process."""

    def __init__(self, name, tests):
        self.name, self.tests = name, tests
        self.status = None
        self.process = None

    def run(self):
        began = time.monotonic()
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        # Whatever a test left open goes with the process, and with its namespaces.
        python = [sys.executable, "-W", "ignore::ResourceWarning", "-m", "unittest", "-v", *self.tests]
        self.process = subprocess.Popen(
            [*unshare, "sh", "-c", PREPARE, "sh", *python], cwd=HERE, env=dict(os.environ, TMPDIR=str(FOLDER)),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        try:
            output, _ = self.process.communicate(timeout=MODULE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            output = self.process.communicate()[0] + f"\nHostTests: not done in {MODULE_SECONDS} s\n".encode()
        self.status = self.process.returncode
        seconds = time.monotonic() - began
        text = f"=== {self.name}: {'passed' if self.status == 0 else 'FAILED'} in {seconds:.0f} s\n"
        sys.stdout.write(text + output.decode(errors="replace"))
        sys.stdout.flush()


def chosen(tests):
    """The modules that hold the tests, the longest first."""
    if not tests:
        tests = sorted(path.stem for path in HERE.glob("test_*.py"))
    modules = {}
    for test in tests:
        modules.setdefault(test.split(".")[0], []).append(test)
    for name in modules:
        if not (HERE / f"{name}.py").exists():
            sys.exit(f"HostTests: there is no {name}.py")
    rank = {name: number for number, name in enumerate(ORDER)}
    return [Module(name, modules[name]) for name in sorted(modules, key=lambda name: rank.get(name, len(ORDER)))]


def main(tests):
    modules = chosen(tests)
    waiting = list(modules)
    lock = threading.Lock()

    def lane():
        while True:
            with lock:
                if not waiting:
                    return
                module = waiting.pop(0)
            module.run()

    def end(number, frame):
        with lock:
            waiting.clear()
        for module in modules:
            if module.process and module.process.poll() is None:
                module.process.kill()
        sys.exit(128 + number)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    began = time.monotonic()
    # A child dies with the thread that started it (prctl(2)): these live as long as there is something to run.
    lanes = [threading.Thread(target=lane) for _ in range(min(LANES, len(modules)))]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    failed = [module.name for module in modules if module.status != 0]
    print(f"HostTests: {len(modules)} modules in {time.monotonic() - began:.0f} s; failed: {', '.join(failed) or 'none'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
