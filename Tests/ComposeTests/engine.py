"""The container engine of this machine."""

import json
import os
import re
import shutil
import subprocess

COMMAND_SECONDS = 120  # whatever an engine does, building aside


class Failure(Exception):
    """A step that did not go well; the text is for people."""


def run(command, seconds=COMMAND_SECONDS, check=True, **options):
    """Runs a command to its end, at most so long; its status and output, standard error included."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            timeout=seconds, **options)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{' '.join(command)}: not done in {seconds} s: {error.output or ''}") from None
    if check and done.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {done.returncode}:\n{done.stdout[-4000:]}")
    return done.returncode, done.stdout


class Engine:
    """docker with its compose, or podman with podman-compose."""

    def __init__(self, command, compose):
        self.command, self.compose = command, compose

    @classmethod
    def find(cls):
        """The first that works here; `COMPOSE` in the environment names one: "docker compose" or podman-compose."""
        wanted = os.environ.get("COMPOSE")
        reasons = []
        for command, compose in (("docker", ["docker", "compose"]), ("podman", ["podman-compose"])):
            if wanted not in (None, " ".join(compose)):
                continue
            try:
                if not shutil.which(compose[0]):
                    raise Failure(f"{compose[0]} is not installed")
                run([command, "info"], 30)
                run([*compose, "version"], 30)
                return cls(command, compose)
            except (Failure, OSError) as error:
                reasons.append(f"{' '.join(compose)}: {str(error).strip().splitlines()[-1]}")
        raise Failure("no container engine works here: " + "; ".join(reasons or [f"COMPOSE={wanted} is unknown"]))

    @property
    def is_podman(self):
        return self.command == "podman"

    def __call__(self, *arguments, **options):
        """Runs `docker` or `podman`; its output."""
        return run([self.command, *arguments], **options)[1]

    def inspect(self, container, *keys):
        """One value of what `inspect` says."""
        value = json.loads(self("inspect", container))[0]
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def run_once(self, image, *arguments, entrypoint=None, environment=None):
        """Runs a container of its own to its end; its output."""
        flags = ["--rm", "--network", "none"]
        for name, value in (environment or {}).items():
            flags += ["--env", f"{name}={value}"]
        if entrypoint:
            flags += ["--entrypoint", entrypoint]
        return self("run", *flags, image, *arguments)

    def is_healthy(self, container):
        """Whether the health check of the compose file passes. Docker runs it every few seconds; podman, which leaves that
        to systemd's timers, is asked to run it now."""
        if self.is_podman:
            return run([self.command, "healthcheck", "run", container], check=False)[0] == 0
        return self.inspect(container, "State", "Health", "Status") == "healthy"

    def free_network(self):
        """The first three numbers of a network that nobody here uses: 172.30.0, if it is free."""
        used = ""
        names = self("network", "ls", "--format", "{{.Name}}").split()
        if names:
            used = self("network", "inspect", *names)
        if shutil.which("ip"):
            used += run(["ip", "-4", "route"])[1]
        for third in range(32):
            prefix = f"172.30.{third}"
            if not re.search(rf"\b{re.escape(prefix)}\.", used):
                return prefix
        raise Failure("172.30.0.0 to 172.30.31.0 are all in use")
