"""The measuring of `rooms`: see there."""

import contextlib
import json
import os
import re
import statistics
import subprocess
import threading
import time

from cluster.broker import PASSWORD, USER, Broker
from cluster.cluster import TCP, Cluster
from cluster.load import Load, Sayer
from cluster.network import BRIDGE, Network

ROUNDS = int(os.environ["ROUNDS"])
SECONDS = 4


def load(kind, addresses, processes, *options):
    """Puts load on Gates and returns the figures; the CPU seconds of each process that is watched under its id."""
    where = [word for address in addresses for word in ("--address", f"{address}:{TCP}")]
    pids = ",".join(str(process.pid) for process in processes)
    ran = subprocess.run([os.environ["MQANTLOAD"], kind, "--json", "--duration", str(SECONDS), "--warm-up", "2",
                          "--watch", pids, *where, *options], capture_output=True, text=True, timeout=180)
    # Status 1: it ran, and something was lost; the figures say what.
    assert ran.returncode in (0, 1) and ran.stdout, f"mqantload says {ran.stderr[-500:]!r}"
    figures = json.loads(ran.stdout)
    return figures | {int(row["name"]): row["cpu_s"] for row in figures.get("server", [])}


def median(values):
    return statistics.median(values)


class Measuring:
    def __init__(self):
        self.network, self.broker, self.numbers = Network(), Broker().start(), iter(range(1, 100))

    @contextlib.contextmanager
    def cluster(self, **counts):
        cluster = Cluster(self.network, next(self.numbers)).start_all(**counts)
        try:
            yield cluster
        finally:
            cluster.close()

    def fanout(self, members, gates):
        rates, costs = [], {"Gate": [], "Chat": [], "broker": []}
        with self.cluster(gates=gates) as cluster:
            processes = {"Gate": cluster.node("Gate").process, "Chat": cluster.node("Chat").process,
                         "broker": self.broker.process}
            for number in range(ROUNDS):
                # A speaker at each Gate, and as many processes: each has the clients of one Gate.
                found = load("rooms", [cluster.address("Gate", gate) for gate in range(gates)], processes.values(),
                             "--connections", str(members), "--speakers", str(gates), "--processes", str(gates),
                             "--user-prefix", f"g{number}-")
                rates.append(found["deliveries_per_s"])
                for name, process in processes.items():
                    # The Gate writes to its own members; the others work for all.
                    delivered = rates[-1] / gates if name == "Gate" else rates[-1]
                    costs[name].append(1e6 * found[process.pid] / (delivered * SECONDS))
        print(f"one room, {members} members on {gates} gates: {median(rates):.0f} deliveries/s; CPU for each: "
              + ", ".join(f"{name} {median(cost):.2f} µs" for name, cost in costs.items()), flush=True)

    def chats(self, count):
        rates, costs, shares = [], {"Gate": [], "Chat": [], "broker": []}, []
        with self.cluster(chats=count) as cluster:
            nodes = {"Gate": [cluster.node("Gate").process], "broker": [self.broker.process],
                     "Chat": [cluster.node("Chat", index).process for index in range(count)]}
            for number in range(ROUNDS):
                calls = self.calls(cluster)
                found = load("rooms", [cluster.address("Gate")], sum(nodes.values(), []), "--connections", "1000",
                             "--rooms", "1000", "--speakers", "1000", "--user-prefix", f"c{number}-")
                rates.append(found["says_per_s"])
                for name, processes in nodes.items():
                    spent = sum(found[process.pid] for process in processes)
                    costs[name].append(1e6 * spent / (found["says_per_s"] * SECONDS))
                calls = [now - then for now, then in zip(self.calls(cluster), calls)]
                shares.append(max(calls) * len(calls) / sum(calls))
        whole = sum(median(cost) for cost in costs.values())
        print(f"{count} chats, 1000 rooms: {median(rates):.0f} says/s, {1e6 / whole:.0f} per CPU second; CPU for each: "
              + ", ".join(f"{name} {median(cost):.0f} µs" for name, cost in costs.items())
              + f"; the busiest has {median(shares):.2f} × its share", flush=True)

    def through_a_gate(self):
        """Calls of clients, from a Gate on one host to a Chat on another, by turns with the raw broker."""
        with self.cluster() as cluster:
            raw, found = [], {clients: [] for clients in (1, 16, 128)}
            processes = {"Gate": cluster.node("Gate").process, "Chat": cluster.node("Chat").process,
                         "broker": self.broker.process}
            for _ in range(ROUNDS):
                raw.append(self.raw())
                for clients, figures in found.items():
                    # A call that is answered with an error text, which is as good as any: nobody is in the room.
                    figures.append(load("calls", [cluster.address("Gate")], processes.values(), "--connections",
                                        str(clients), "--topic", "Chat/Handler_Say", "--payload", '{"roomName":"abc"}',
                                        "--ok", ""))
        base = median([figures["calls_per_s"] for figures in raw])
        print(f"raw, one message for a call, 64 outstanding: {base:.0f} calls/s, "
              f"p50 {median([figures['p50'] for figures in raw]):.0f} p99 {median([figures['p99'] for figures in raw]):.0f} µs",
              flush=True)
        for clients, figures in found.items():
            rate, p50, p99 = (median([figure[key] for figure in figures]) for key in ("calls_per_s", "p50_us", "p99_us"))
            costs = {name: median([1e6 * figure[process.pid] / figure["calls"] for figure in figures]) for name, process in processes.items()}
            print(f"through a gate, {clients} connections: {rate:.0f} calls/s, p50 {p50:.0f} p99 {p99:.0f} µs; "
                  f"{rate / base:.2f} × raw; CPU for each: "
                  + ", ".join(f"{name} {cost:.0f} µs" for name, cost in costs.items()), flush=True)

    def raw(self):
        output = subprocess.run([os.environ["RAWRPC"], "-h", BRIDGE, "-u", USER, "-P", PASSWORD, "-w", "64", "-d", "3"],
                                capture_output=True, text=True, timeout=60).stdout
        line = next(line for line in output.splitlines() if line.startswith("RESULT"))
        return {key: float(value) for key, value in re.findall(r" (\w+)=([0-9.]+)", line)}

    @staticmethod
    def calls(cluster):
        return [row["status"]["calls"] for _, row in sorted(cluster.status().items()) if row["type"] == "Chat"]

    def broker_killed(self):
        times = []
        with self.cluster() as cluster:
            for _ in range(ROUNDS):
                with Load(cluster, kinds=(Sayer,)) as load:
                    self.broker.kill()
                    killed = time.monotonic()
                    heard = threading.Event()
                    for caller in load.callers:
                        caller.player.mqtt.on_message = self.watch(caller.player, heard)
                    self.broker.start()
                    assert heard.wait(60), "nothing was delivered within a minute"
                    now = time.monotonic()
                    times.append((now - self.broker.listening, now - killed))
        print(f"broker killed: first delivery {median([t[0] for t in times]):.2f} s after it listens again, "
              f"{median([t[1] for t in times]):.1f} s after the kill", flush=True)

    @staticmethod
    def watch(player, heard):
        before = player.mqtt.on_message

        def on_message(client, userdata, message):
            if message.topic == "Chat/OnSay":
                heard.set()
            before(client, userdata, message)

        return on_message


def main():
    measuring = Measuring()
    parts = os.environ["PARTS"].split() or ["calls", "chats", "broker", "fanout"]
    if "calls" in parts:
        measuring.through_a_gate()
    if "chats" in parts:
        for count in (1, 2, 3):
            measuring.chats(count)
    if "broker" in parts:
        measuring.broker_killed()
    if "fanout" in parts:
        for members in (1000, 5000):
            for gates in (1, 2):
                measuring.fanout(members, gates)
    measuring.broker.close()


if __name__ == "__main__":
    main()
