"""Benchmarks need nothing that is not in the repository."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = [path for path in (ROOT / "Benchmarks").rglob("*") if path.is_file() and "__pycache__" not in path.parts]
# What they were once handed in a folder of somebody's.
FOREIGN = re.compile(r"mqttload|mqttstub|amqprpc|\.\./shared|FOLDER of")


class Benchmarks(unittest.TestCase):
    def test_no_program_of_others_is_named(self):
        self.assertGreater(len(FILES), 20)
        found = [f"{path.relative_to(ROOT)}: {line.strip()}" for path in FILES
                 for line in path.read_text().splitlines() if FOREIGN.search(line)]
        self.assertEqual(found, [])

    def test_each_file_that_a_script_names_is_there(self):
        named = 0
        for path in FILES:
            if path.suffix in ("", ".py"):
                for name in re.findall(r"(?:Benchmarks|Tests|scripts)/[\w./-]*\w", path.read_text()):
                    named += 1
                    self.assertTrue((ROOT / name).exists(), f"{path.name} names {name}")
        self.assertGreater(named, 3)
