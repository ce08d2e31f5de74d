"""Brokers that are a cluster."""

import json
import os

from support.deadline import until

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

    def cut(self, broker):
        """Lets nothing pass between a broker and the others: each side takes the other's cookie for wrong."""
        broker.ctl("eval", f"Others = [{self._others(broker)}], "
                   "[rpc:call(N, erlang, set_cookie, [node(), cut_there]) || N <- Others], "
                   "[begin erlang:set_cookie(N, cut_here), erlang:disconnect_node(N) end || N <- Others].")

    def mend(self, broker):
        other = next(other for other in self.members if other is not broker)
        other.ctl("eval", f"[rpc:call(N, erlang, set_cookie, ['{broker.node}', erlang:get_cookie()])"
                  f" || N <- [{self._others(broker)}]].")
        broker.ctl("eval", f"[erlang:set_cookie(N, erlang:get_cookie()) || N <- [{self._others(broker)}]].")

    def _others(self, broker):
        return ",".join(f"'{other.node}'" for other in self.members if other is not broker)

    def wait_until_whole(self, seconds=90):
        """Until every broker sees all of them running."""
        names = sorted(broker.node for broker in self.members)
        until("the brokers are one cluster", lambda: all(self._sees(broker, names) for broker in self.members), seconds)

    def _sees(self, broker, names):
        try:
            return self.running(broker) == names
        except AssertionError:
            return False  # it pauses, or starts

    def close(self):
        for broker in reversed(self.members):
            broker.close()
