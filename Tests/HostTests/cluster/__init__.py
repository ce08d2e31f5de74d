"""Hosts, a broker and nodes for tests, and clients that load them.

What the tests of clients have already (a player, waiting with a deadline) is theirs: Tests/ClientTests/support.
"""

import pathlib
import sys

# What a module of tests writes: brokers, configurations. A file system of its own, in memory (cluster/run.py).
FOLDER = pathlib.Path("/run/mqant-host-tests")

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "ClientTests"))
