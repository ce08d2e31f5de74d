"""The package as pip installs it."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent


class Package(unittest.TestCase):
    def test_installed(self):
        with tempfile.TemporaryDirectory(prefix="mqant-package-") as folder:
            # A copy, for a build leaves things in its folder.
            source, target = pathlib.Path(folder, "source"), pathlib.Path(folder, "target")
            source.mkdir()
            for name in ("pyproject.toml", "README.md", "dice.py", "table.py", "rig.py"):
                shutil.copy(HERE / name, source)
            shutil.copytree(HERE / "mqant", source / "mqant")
            ran = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                                  "--no-index", "--no-build-isolation", "--no-deps", "--target", target, source],
                                 capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
            installed = sorted(path.name for path in target.iterdir())
            self.assertEqual(installed, ["mqant", "mqant-0.2.0.dist-info"])
            code = ("import importlib.metadata as m, mqant; print(mqant.__file__, m.version('mqant'), "
                    "m.requires('mqant'), len(mqant.__all__), mqant.Node('T', 't', []).id)")
            environment = {**os.environ, "PYTHONPATH": str(target)}
            ran = subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True,
                                 text=True)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertEqual(ran.stdout, f"{target}/mqant/__init__.py 0.2.0 ['pika<2,>=1.3'] 8 t\n")


if __name__ == "__main__":
    unittest.main()
