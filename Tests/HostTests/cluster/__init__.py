"""Hosts, a broker and nodes for tests, and clients that load them.

What the tests of clients have already (a player, waiting with a deadline) is theirs: Tests/ClientTests/support.
"""

import os
import pathlib
import sys

# Seconds on top of what docs/architecture.md#failure-semantics allows.
SLACK = float(os.environ.get("HOST_TESTS_SLACK", "1.5"))

# What a module of tests writes: brokers, configurations. A file system of its own, in memory (cluster/run.py).
FOLDER = pathlib.Path("/run/mqant-host-tests")

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "ClientTests"))
