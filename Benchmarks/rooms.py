"""The measuring of `rooms`: see there."""

import contextlib
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


def mqttload(mode, address, *options):
    """Starts a load; `result` gives its figures."""
    return subprocess.Popen([os.environ["MQTTLOAD"], mode, "-h", address, "-p", str(TCP), "-d", str(SECONDS), *options],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def result(process):
    """Its figures; those of a process that it watched under `name[pid]`."""
    output = process.communicate(timeout=180)[0]
    lines = [line for line in output.splitlines() if line.startswith("RESULT")]
    assert lines, f"mqttload says {output[-500:]!r}"
    return {key: float(value) for key, value in re.findall(r" ([\w\[\]]+)=([0-9.]+)", lines[-1])}


def watched(processes):
    return "--pid", ",".join(str(process.pid) for process in processes)


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
                results = [result(load) for load in [
                    mqttload("fanout", cluster.address("Gate", gate), "-n", str(members // gates), "-s", "1",
                             "--join-window", "64", "--prefix", f"g{number}-{gate}-",
                             *(watched(processes.values()) if gate == 0 else ())) for gate in range(gates)]]
                rates.append(sum(found["deliveries_per_s"] for found in results))
                first = results[0]
                for name, process in processes.items():
                    spent = first[f"cpu_s[{process.pid}]"]
                    # The Gate writes to its own members; the others work for all.
                    delivered = first["deliveries_per_s"] if name == "Gate" else rates[-1]
                    costs[name].append(1e6 * spent / (delivered * first["secs"]))
        print(f"one room, {members} members on {gates} gates: {median(rates):.0f} deliveries/s; CPU for each: "
              + ", ".join(f"{name} {median(cost):.2f} µs" for name, cost in costs.items()), flush=True)

    def chats(self, count):
        rates, costs, shares = [], {"Gate": [], "Chat": [], "broker": []}, []
        with self.cluster(chats=count) as cluster:
            nodes = {"Gate": [cluster.node("Gate").process], "broker": [self.broker.process],
                     "Chat": [cluster.node("Chat", index).process for index in range(count)]}
            for number in range(ROUNDS):
                calls = self.calls(cluster)
                found = result(mqttload("fanout", cluster.address("Gate"), "-n", "1000", "--rooms", "1000", "-s", "1000",
                                        "--join-window", "64", "--prefix", f"c{number}-", *watched(sum(nodes.values(), []))))
                rates.append(found["says_per_s"])
                for name, processes in nodes.items():
                    spent = sum(found[f"cpu_s[{process.pid}]"] for process in processes)
                    costs[name].append(1e6 * spent / (found["says_per_s"] * found["secs"]))
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
                    # The default call is answered with an error text, which is as good as any.
                    figures.append(result(mqttload("rpc", cluster.address("Gate"), "-n", str(clients), "--ok", "",
                                                   *watched(processes.values()))))
        base = median([figures["calls_per_s"] for figures in raw])
        print(f"raw, one message for a call, 64 outstanding: {base:.0f} calls/s, "
              f"p50 {median([figures['p50'] for figures in raw]):.0f} p99 {median([figures['p99'] for figures in raw]):.0f} µs",
              flush=True)
        for clients, figures in found.items():
            rate, p50, p99 = (median([figure[key] for figure in figures]) for key in ("per_s", "lat_p50", "p99"))
            costs = {name: median([1e6 * figure[f"cpu_s[{process.pid}]"] / (figure["per_s"] * figure["secs"])
                                   for figure in figures]) for name, process in processes.items()}
            print(f"through a gate, {clients} connections: {rate:.0f} calls/s, p50 {p50:.0f} p99 {p99:.0f} µs; "
                  f"{rate / base:.2f} × raw; CPU for each: "
                  + ", ".join(f"{name} {cost:.0f} µs" for name, cost in costs.items()), flush=True)

    def raw(self):
        output = subprocess.run([os.environ["AMQPRPC"], "-h", BRIDGE, "-u", USER, "-P", PASSWORD, "-w", "64", "-d", "3"],
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
