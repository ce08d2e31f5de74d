"""The services of docker-compose.yml, running under a project name, ports and a network of their own."""

import os
import pathlib
import secrets
import tempfile

from support.ports import free_port

from .engine import Failure, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "mqantserver"
NODES = ("login", "chat", "web", "gate")
BUILD_SECONDS = 5400


class Stack:
    """Nothing runs until `up`; `down` leaves nothing but the image.

    profile: of docker-compose.yml, to start its services too."""

    def __init__(self, engine, profile=None):
        self.engine = engine
        self.project = f"mqanttest{os.getpid()}{profile or ''}"
        self.brokers = ("rabbitmq", "rabbitmq-2", "rabbitmq-3") if profile == "cluster" else ("rabbitmq",)
        self.tcp, self.ws, self.http, self.management = (free_port() for _ in range(4))
        self.network = engine.free_network()
        self.password = secrets.token_hex(16)
        self.folder = tempfile.TemporaryDirectory(prefix="test-compose-")
        self.file = pathlib.Path(self.folder.name) / "env"
        self.file.write_text("".join(f"{name}={value}\n" for name, value in {
            "RABBITMQ_PASSWORD": self.password, "MQANT_NETWORK": self.network, "MQANT_IMAGE": IMAGE,
            "MQANT_TCP_PORT": self.tcp, "MQANT_WS_PORT": self.ws, "MQANT_HTTP_PORT": self.http,
            "MQANT_MANAGEMENT_PORT": self.management, **({"COMPOSE_PROFILES": profile} if profile else {})}.items()))
        # What is set in a shell would win over the file.
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith(("MQANT_", "RABBITMQ_", "COMPOSE_"))}

    def compose(self, *arguments, file=None, **options):
        """Runs the engine's compose on our docker-compose.yml; status and output."""
        command = [*self.engine.compose, "-p", self.project, "-f", str(ROOT / "docker-compose.yml"), "--env-file",
                   str(file or self.file), *arguments]
        return run(command, cwd=ROOT, env=self.environment, **options)

    def build(self):
        self.compose("build", "gate", seconds=BUILD_SECONDS)

    def up(self, chats):
        """Starts what is missing, so many chats."""
        self.compose("up", "-d", "--no-build", "--scale", f"chat={chats}", seconds=600)

    def containers(self, service=None, all=False):
        """The ids of a service's containers that run; `all`: of those that have ended, too."""
        flags = ["--filter", f"label=com.docker.compose.project={self.project}"]
        if service:
            flags += ["--filter", f"label=com.docker.compose.service={service}"]
        return self.engine("ps", "-q", *(["-a"] if all else []), *flags).split()

    def container(self, service):
        """The id of a service's one container."""
        found = self.containers(service)
        if len(found) != 1:
            raise Failure(f"{len(found)} containers of {service} run, not 1")
        return found[0]

    def logs(self):
        """The last lines of every container, for whoever looks for a fault."""
        texts = []
        for container in self.containers(all=True):
            name = self.engine.inspect(container, "Name")
            texts.append(f"--- {name}\n{run([self.engine.command, 'logs', '--tail', '30', container], check=False)[1]}")
        return "\n".join(texts)

    def stop(self):
        """Ends all in good order; container name → exit status."""
        self.compose("stop", "-t", "20", seconds=300)
        for container in self.containers():
            self.engine("stop", "-t", "20", container)  # podman-compose forgets replicas
        found = {}
        for service in NODES:
            for container in self.containers(service, all=True):
                found[self.engine.inspect(container, "Name")] = self.engine.inspect(container, "State", "ExitCode")
        return found

    def down(self):
        """Removes containers, network and volumes."""
        if self.engine.is_podman:
            # podman-compose forgets replicas here too, and then cannot remove what they depend on.
            for container in self.containers("chat", all=True):
                if self.engine.inspect(container, "Config", "Labels", "com.docker.compose.container-number") != "1":
                    self.engine("rm", "-f", "-v", container)
        self.compose("down", "-v", "-t", "20", seconds=300)
        self.folder.cleanup()
        left = self.containers(all=True)
        left += [name for name in self.engine("network", "ls", "--format", "{{.Name}}").split() if self.project in name]
        if left:
            raise Failure(f"down left {' '.join(left)}")
