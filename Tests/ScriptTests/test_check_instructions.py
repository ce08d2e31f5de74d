"""scripts/check-instructions, with a program and a valgrind made for it."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts/check-instructions"

PROGRAM = """#!/bin/sh
[ $# = 0 ] && printf 'one: a part\\ntwo: a part\\n'
exit 0
"""
# A start of 1 000 000 instructions, and so many for each time as the environment says.
VALGRIND = """#!/bin/sh
[ "$4" = "one: a part" ] && each=$ONE || each=$TWO
echo "==1== Collected : $((1000000 + each * $5))" >&2
"""
# strip --strip-debug -o OUT IN
STRIP = """#!/bin/sh
cp "$4" "$3"
"""


class CheckInstructions(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "instructions.json"
        for path, text in (("release/MqantInstructions", PROGRAM), ("bin/valgrind", VALGRIND), ("bin/strip", STRIP)):
            path = self.folder / path
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            path.chmod(0o755)

    def check(self, *options, one=1000, two=2000, path=None):
        path = f"{self.folder}/bin:{os.environ['PATH']}" if path is None else path
        return subprocess.run([SCRIPT, "--no-build", "--scratch-path", self.folder, "--file", self.file, *options],
                              capture_output=True, text=True, check=False,
                              env=os.environ | {"PATH": path, "ONE": str(one), "TWO": str(two)})

    def thresholds(self):
        return json.loads(self.file.read_text())["instructions"]

    def test_what_was_counted_becomes_the_thresholds(self):
        self.assertEqual(self.check("--update").returncode, 0)
        self.assertEqual(self.thresholds(), {"one: a part": 1000, "two: a part": 2000})
        self.assertIn("Swift", json.loads(self.file.read_text())["with"])

    def test_three_percent_more_pass_and_four_do_not(self):
        self.check("--update")
        self.assertEqual(self.check(one=1030, two=1000).returncode, 0)
        failed = self.check(one=1040)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("one: a part: 1040, 4.0 % over 1000", failed.stderr)
        self.assertNotIn("two: a part", failed.stderr)

    def test_a_part_without_a_threshold_fails(self):
        self.check("--update", "one: a part")
        self.assertEqual(self.thresholds(), {"one: a part": 1000})
        failed = self.check()
        self.assertEqual(failed.returncode, 1)
        self.assertIn("--update", failed.stderr)

    def test_one_part_is_updated_alone(self):
        self.check("--update")
        self.check("--update", "one: a part", one=900, two=9000)
        self.assertEqual(self.thresholds(), {"one: a part": 900, "two: a part": 2000})

    def test_an_unknown_part_is_named(self):
        failed = self.check("three")
        self.assertEqual(failed.returncode, 1)
        self.assertIn("there is no part 'three'", failed.stderr)

    def test_without_valgrind_it_says_how_to_get_it(self):
        failed = subprocess.run(["/usr/bin/env", "-i", "PATH=/nowhere", os.path.realpath("/proc/self/exe"), SCRIPT],
                                capture_output=True, text=True, check=False)
        self.assertEqual(failed.returncode, 1)
        self.assertIn("apt-get install valgrind", failed.stderr)
