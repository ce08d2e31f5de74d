"""Brokers that are a cluster."""

import json
import os

from .broker import Broker

COUNT = int(os.environ.get("HOST_TESTS_BROKERS", "1"))


class Brokers:
    """So many brokers, one after the other at the ports from `PORT` on; a cluster once `start` has returned."""

    def __init__(self, count=COUNT):
        self.members = [Broker(number) for number in range(1, count + 1)]
        self.first = self.members[0]

    def start(self):
        for broker in self.members:
            broker.begin()
        for broker in self.members:
            broker.wait()
        for broker in self.members[1:]:
            for command in (["stop_app"], ["reset"], ["join_cluster", self.first.node], ["start_app"]):
                broker.ctl(*command)
            broker.wait()
        if len(self.members) > 1:
            names = sorted(broker.node for broker in self.members)
            for broker in self.members:
                assert self.running(broker) == names, f"{broker.node} sees {self.running(broker)}"
            print(f"    a cluster of brokers: {', '.join(names)}")

    @staticmethod
    def running(broker):
        """The members of its cluster that a broker sees running."""
        return sorted(json.loads(broker.ctl("cluster_status", "--formatter", "json"))["running_nodes"])

    def close(self):
        for broker in reversed(self.members):
            broker.close()
