"""What is published to queues by their names, as the broker's own tracer tells (https://www.rabbitmq.com/docs/firehose).

The broker's counters of channels would be cheaper, but they are sampled, and were seen to vanish and to come back.
"""

from .peer import connect


class Tap:
    """From now on; `close` ends it. Not for use by several threads."""

    def __init__(self, brokers, vhost):
        self.brokers, self.vhost = brokers, vhost
        self.connection = connect(vhost)
        self.channel = self.connection.channel()
        self.queue = self.channel.queue_declare("", exclusive=True).method.queue
        self.channel.queue_bind(self.queue, "amq.rabbitmq.trace", "publish.")
        # Each broker traces what its own connections publish.
        for broker in brokers.members:
            broker.ctl("trace_on", "-p", vhost)

    def messages(self):
        """Those that came since the last call: of each its queue and its headers."""
        found = []
        while True:
            method, properties, _ = self.channel.basic_get(self.queue, auto_ack=True)
            if method is None:
                return found
            traced = properties.headers
            found.append((traced["routing_keys"][0], traced["properties"].get("headers", {})))

    def close(self):
        for broker in self.brokers.members:
            broker.ctl("trace_off", "-p", self.vhost)
        self.connection.close()
