"""The steps of scripts/test-compose."""

import json
import os
import pathlib
import re
import signal
import sys
import time
import traceback
import urllib.request

from support.deadline import until
from support.player import HOST

from .engine import Engine, Failure, run
from .people import People, is_open
from .stack import IMAGE, NODES, ROOT, Stack

CHATS = 3
ROOMS = 40  # so many that no chat is without one
FIXED = {"gate": ("Gate", 11), "login": ("Login", 12), "web": ("Web", 13)}


class Steps:
    """Each says what it did, and raises what went wrong."""

    def __init__(self, stack):
        self.stack, self.engine = stack, stack.engine
        self.people = None
        self.rooms = []

    def all(self, builds):
        self.step("without .env it is refused, and says what to do", self.refuse_without_env)
        if builds:
            self.step("the image is built", self.stack.build)
        self.step("the image holds the program and the page, and runs as a user of its own", self.look_into_image)
        self.step("check: each address starts its own module", self.check_addresses)
        self.step("up: every service is healthy", self.up)
        self.step("the page comes", self.page)
        self.step("people talk over TCP and WebSocket", self.meet)
        self.step(f"chat scaled to {CHATS}: each has its share of {ROOMS} rooms", self.scale)
        self.step("one chat killed: all rooms go on", self.kill)
        self.step("up again: it is replaced", self.replace)
        self.step("a chat's process killed: it is restarted", self.crash)
        self.step("stop: every node ends in good order", self.stop)

    def cluster(self):
        self.step("up with three brokers: every service is healthy", self.up)
        self.step("the brokers are one cluster", self.join)
        self.step("people talk over TCP and WebSocket", self.meet)
        for broker in self.stack.brokers:
            self.step(f"{broker} killed: people talk on", lambda: self.kill_broker(broker))
        self.step("stop: every node ends in good order", self.stop)

    def step(self, text, action):
        began = time.monotonic()
        print(f"== {text} …", flush=True)
        detail = action()
        print(f"   {time.monotonic() - began:.1f} s{f': {detail}' if detail else ''}", flush=True)

    def refuse_without_env(self):
        status, output = self.stack.compose("config", file="/dev/null", check=False)
        if status == 0 or ".env.example" not in output:
            raise Failure(f"status {status}: {output}")

    def look_into_image(self):
        script = """
            id -u; ldd "$(command -v mqantserver)"; ls conf clients/web clients/web/vendor
            for name in swift gcc cc git node esbuild; do ! command -v $name || echo "unwanted: $name"; done
            ! [ -e /src ] || echo "unwanted: /src"
            ! touch /opt/mqantserver/x 2>/dev/null || echo "unwanted: may write"
            """
        output = self.engine.run_once(IMAGE, "-c", script, entrypoint="sh")
        for text in ("compose.conf", "server.conf", "index.html", "mqtt.js", "librabbitmq.so.4 => /"):
            if text not in output:
                raise Failure(f"no {text} in the image:\n{output}")
        if re.search(r"unwanted|not found|libswift|^0$", output, re.MULTILINE):
            raise Failure(f"the image is not as it should be:\n{output}")
        return f"{self.engine.inspect(IMAGE, 'Size') / 1e6:.0f} MB"

    def check_addresses(self):
        for _, (name, last) in [*FIXED.items(), ("chat", ("Chat", 32)), ("chat", ("Chat", 63))]:
            address = f"{self.stack.network}.{last}"
            output = self.engine.run_once(
                IMAGE, "check", "--conf", "conf/compose.conf", "--host", address,
                environment={"RABBITMQ_PASSWORD": "x", "MQANT_NETWORK": self.stack.network})
            starting = re.findall(r"^(\w+) +(\S+) +\S+ +yes ", output, re.MULTILINE)
            if starting != [(name, f"{address}:{name}")]:
                raise Failure(f"at {address} there start {starting}:\n{output}")

    def up(self):
        self.stack.up(chats=1)
        self.wait_until_healthy()
        for service, (name, last) in FIXED.items():
            output = self.engine("exec", self.stack.container(service), "mqantserver", "health", "--conf", "conf/compose.conf")
            if output != f"up: {self.stack.network}.{last}:{name}\n":
                raise Failure(f"{service}: {output}")

    def wait_until_healthy(self):
        for service in (*self.stack.brokers, *NODES):
            until(f"{service} is healthy", lambda: self.are_healthy(service), 180, every=0.5)

    def are_healthy(self, service):
        found = self.stack.containers(service)
        return bool(found) and all(self.engine.is_healthy(container) for container in found)

    def page(self):
        for path in ("/", "/mqant/index.html", "/mqant/chat.js", "/mqant/vendor/mqtt.js"):
            with urllib.request.urlopen(f"http://{HOST}:{self.stack.http}{path}", timeout=10) as answer:
                body = answer.read()
            file = ROOT / "clients/web" / (path.removeprefix("/mqant/").lstrip("/") or "index.html")
            # The bundle may have been made in the image.
            if file.exists() and "vendor" not in path and body != file.read_bytes():
                raise Failure(f"{path} is not {file}")
            if len(body) < 100:
                raise Failure(f"{path} has {len(body)} bytes")

    def meet(self):
        self.people = People(self.stack)
        self.people.talk()

    def chats(self):
        """The Chats that the gate's container finds in the cluster: id → calls answered."""
        output = self.engine(
            "exec", self.stack.container("gate"), "mqantserver", "status", "--json", "--conf", "conf/compose.conf")
        rows = [row for row in json.loads(output) if row["type"] == "Chat" and row.get("status")]
        return {row["id"]: row["status"]["calls"] for row in rows}

    def scale(self):
        self.stack.up(chats=CHATS)
        until(f"{CHATS} chats serve", lambda: len(self.chats()) == CHATS, 60)
        self.people.talk()
        before = self.chats()
        self.rooms = self.people.enter(ROOMS)
        share = {chat: calls - before[chat] for chat, calls in self.chats().items()}
        if min(share.values()) == 0:
            raise Failure(f"a chat was not called: {share}")
        self.people.talk()
        return ", ".join(f"{chat} answered {calls} calls" for chat, calls in sorted(share.items()))

    def kill(self):
        before = self.chats()
        self.engine("kill", self.stack.containers("chat")[0])
        began = time.monotonic()
        self.people.go_on(self.rooms, seconds=10)
        seconds = time.monotonic() - began
        self.people.talk()
        until("one chat fewer", lambda: len(self.chats()) == CHATS - 1, 10)
        return f"{len(before)} chats, then {CHATS - 1}; a say in each of {ROOMS} rooms succeeded after {seconds:.2f} s in all"

    def running_brokers(self, broker):
        """The names of the brokers that run in the cluster, as one of them knows; none while that one is starting."""
        status, output = run(
            [self.engine.command, "exec", self.stack.container(broker), "rabbitmqctl", "-q", "cluster_status",
             "--formatter", "json"], check=False)
        return set(json.loads(output)["running_nodes"]) if status == 0 else set()

    def join(self):
        wanted = {f"rabbit@{broker}" for broker in self.stack.brokers}
        for broker in self.stack.brokers:
            until(f"{broker} knows all", lambda: self.running_brokers(broker) == wanted, 60)

    def kill_broker(self, broker):
        self.engine("kill", "-s", "KILL", self.stack.container(broker))
        began = time.monotonic()
        # Whoever had his node there is served again when that node has gone on at another broker.
        until("people talk", self.can_talk, 20, every=0.2)
        seconds = time.monotonic() - began
        self.people.talk()
        self.stack.up(chats=1)
        self.join()
        self.people.talk()
        return f"talk again after {seconds:.2f} s"

    def can_talk(self):
        try:
            self.people.talk()
            return True
        except (AssertionError, OSError):
            return False

    def replace(self):
        self.stack.up(chats=CHATS)
        until(f"{CHATS} chats serve", lambda: len(self.chats()) == CHATS, 60)
        self.people.go_on(self.rooms, seconds=10)

    def crash(self):
        container = self.stack.containers("chat")[0]
        process = self.engine.inspect(container, "State", "Pid")
        command = pathlib.Path(f"/proc/{process}/comm")
        if os.geteuid() != 0 or not command.exists() or command.read_text() != "mqantserver\n":
            return "left out: only root on the engine's own machine can kill it"
        os.kill(process, signal.SIGKILL)
        until("it runs again", lambda: self.engine.inspect(container, "State", "Pid") not in (0, process), 30)
        until(f"{CHATS} chats serve", lambda: len(self.chats()) == CHATS, 60)
        self.people.go_on(self.rooms, seconds=10)
        self.people.talk()

    def stop(self):
        self.people.close()
        self.people = None
        statuses = self.stack.stop()
        if len(statuses) < len(NODES) or any(statuses.values()):
            raise Failure(f"exit statuses: {statuses}")
        if any(map(is_open, (self.stack.tcp, self.stack.ws, self.stack.http))):
            raise Failure("a port is still open")


def main(arguments):
    if arguments not in ([], ["--no-build"]):
        sys.exit("usage: scripts/test-compose [--no-build]")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    try:
        engine = Engine.find()
        passed = run_steps(Stack(engine), lambda steps: steps.all(builds=arguments == []))
        passed = passed and run_steps(Stack(engine, profile="cluster"), Steps.cluster)
    except (Failure, OSError) as error:
        passed = False
        print(f"FAILED: {error}", file=sys.stderr)
    print(f"== {'passed' if passed else 'FAILED'} in {time.monotonic() - began:.0f} s")
    sys.exit(0 if passed else 1)


def run_steps(stack, body):
    """Whether all went well; the stack is removed either way."""
    print(f"== {' '.join(stack.engine.compose)}, project {stack.project}, network {stack.network}.0/24, ports "
          f"{stack.tcp}, {stack.ws}, {stack.http}", flush=True)
    steps = Steps(stack)
    passed = False
    try:
        body(steps)
        passed = True
    except (Failure, AssertionError, OSError) as error:
        print(f"FAILED: {error}", file=sys.stderr)
        if not isinstance(error, Failure):
            traceback.print_exc()
        print(stack.logs(), file=sys.stderr)
    finally:
        if steps.people:
            steps.people.close()
        print("== down: nothing is left but the image", flush=True)
        try:
            stack.down()
        except Failure as error:
            passed = False
            print(f"FAILED: {error}", file=sys.stderr)
    return passed


if __name__ == "__main__":
    main(sys.argv[1:])
