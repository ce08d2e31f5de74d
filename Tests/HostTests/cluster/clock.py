"""A wall clock that is wrong on one host alone."""

import functools
import itertools
import pathlib
import shutil
import struct
import subprocess

from . import FOLDER

numbers = itertools.count(1)


@functools.cache
def library():
    """cluster/wallclock.c, compiled."""
    compiler = shutil.which("cc") or shutil.which("clang")
    assert compiler, "there is no C compiler"
    source, target = pathlib.Path(__file__).with_suffix("").with_name("wallclock.c"), str(FOLDER / "wallclock.so")
    result = subprocess.run(
        [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", target, str(source)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert result.returncode == 0, result.stdout
    return target


class WallClock:
    """What a host's clock says, by seconds off what it is; `set` has it jump."""

    def __init__(self, seconds=0):
        self.path = FOLDER / f"wallclock-{next(numbers)}"
        self.set(seconds)

    def set(self, seconds):
        """In place: running processes have the file in their memory."""
        with open(self.path, "r+b" if self.path.exists() else "wb") as file:
            file.write(struct.pack("=q", seconds))
        self.seconds = seconds

    @property
    def environment(self):
        """For the programs of that host. `ip`, which starts them, may see the wrong time too."""
        return {"LD_PRELOAD": library(), "WALLCLOCK": str(self.path)}
