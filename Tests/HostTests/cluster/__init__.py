"""Hosts, a broker and nodes for tests, and clients that load them.

What the tests of clients have already (a player, waiting with a deadline) is theirs: Tests/ClientTests/support.
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "ClientTests"))
