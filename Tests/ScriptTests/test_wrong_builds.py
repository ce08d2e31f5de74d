"""The flaws that scripts/test-wrong-builds plants can still be planted."""

import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "Tests/HostTests/wrong").glob("*.patch"))


class WrongBuilds(unittest.TestCase):
    def test_patches_apply(self):
        self.assertGreater(len(PATCHES), 1)
        for patch in PATCHES:
            with self.subTest(patch.name):
                ran = subprocess.run(["git", "apply", "--check", patch], cwd=ROOT, capture_output=True, text=True)
                self.assertEqual(ran.returncode, 0, ran.stderr)
                self.assertTrue(patch.read_text().split("\n--- ")[0].strip(), "it says what the flaw is")


if __name__ == "__main__":
    unittest.main()
