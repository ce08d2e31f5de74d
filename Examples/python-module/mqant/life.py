"""One life of a node on the broker: its connections and its queues, under names that nobody had before (docs/wire.md §1)."""

import functools
import threading
import uuid

import pika
from pika.exceptions import AMQPError, ChannelClosedByBroker

from .cluster import View

CLASSIC = {"x-queue-type": "classic"}


class Life:
    """The thread that made it consumes, in `process`; a second thread and connection publish, so that a broker that
    blocks publishers does not stop deliveries. Whatever goes wrong ends all of it, and the node begins another."""

    def __init__(self, parameters, names, on_return):
        self.names = names
        self.view = View()
        self.has_lock = False
        self.is_serving = False
        self.is_over = False
        self.reason = "the connection is over"
        self._on_return = on_return
        self.consuming = pika.BlockingConnection(parameters)
        try:
            self.publishing = pika.BlockingConnection(parameters)
        except BaseException:
            self.consuming.close()
            raise
        self._thread = threading.Thread(target=self._publish_all, daemon=True)

    def open(self, on_reply, on_announcement):
        """Declares what every node has, consumes it, and lets `publish` work."""
        self._out = self.publishing.channel()
        self._out.add_on_return_callback(self._returned)
        channel = self.consuming.channel()
        self._consume(channel, self.names.replies, on_reply)
        channel.queue_declare(self.names.announcements, exclusive=True, arguments=CLASSIC)
        self._bind(channel)
        channel.basic_consume(self.names.announcements, self._reader(on_announcement), auto_ack=True, exclusive=True)
        channel.add_on_cancel_callback(self._cancelled)
        self._thread.start()

    def bind_again(self):
        """Declares and binds what an operator has deleted, and another node may have declared again, without our binding."""
        channel = self.consuming.channel()
        self._bind(channel)
        channel.close()

    def _bind(self, channel):
        channel.exchange_declare(self.names.nodes, "fanout", durable=True)
        channel.queue_bind(self.names.announcements, self.names.nodes, "")

    def serve(self, on_request):
        """Declares and consumes the instance's own queue."""
        self._requests = self.consuming.channel()
        self._requests.add_on_cancel_callback(self._cancelled)
        self._consume(self._requests, self.names.requests, on_request)
        self.is_serving = True

    def _consume(self, channel, queue, handler):
        channel.queue_declare(queue, exclusive=True, arguments=CLASSIC)
        channel.basic_consume(queue, self._reader(handler), auto_ack=True, exclusive=True)

    @staticmethod
    def _reader(handler):
        return lambda channel, method, properties, body: handler(properties, body)

    def try_lock(self):
        """Takes the Id's lock (§3). False: another connection has it."""
        # A channel of its own: a refusal closes it.
        channel = self.consuming.channel()
        try:
            channel.queue_declare(self.names.lock, exclusive=True, arguments=CLASSIC)
            channel.close()
            self.has_lock = True
        except ChannelClosedByBroker as error:
            if error.reply_code != 405:
                raise
        return self.has_lock

    def renew_lock(self):
        """Uses the Id's lock, which a policy may delete otherwise. False: it is gone, and to be taken again."""
        channel = self.consuming.channel()
        try:
            channel.queue_declare(self.names.lock, passive=True)
            channel.close()
        except ChannelClosedByBroker as error:
            if error.reply_code not in (404, 405):
                raise
            self.has_lock = False
        return self.has_lock

    def release_lock(self):
        """Gives the Id's lock to whoever else has the Id."""
        if self.has_lock:
            self.has_lock = False
            channel = self.consuming.channel()
            channel.queue_delete(self.names.lock)
            channel.close()

    def withdraw(self, on_request):
        """Deletes the instance's queue once it is empty, and consumes until then."""
        for attempt in range(20):
            try:
                self._requests.queue_delete(self.names.requests, if_empty=attempt < 19)
                break
            except ChannelClosedByBroker as error:
                if error.reply_code != 406:
                    raise
                # Something came: it is consumed first.
                self._requests = self.consuming.channel()
                self._requests.basic_consume(self.names.requests, self._reader(on_request), auto_ack=True)
        self.process(0)

    def process(self, seconds):
        """Waits so long for something to come, and has it handled. Raises AMQPError when this life is over."""
        self.consuming.process_data_events(time_limit=seconds)
        if self.is_over:
            raise AMQPError(self.reason)

    # Publishing: from any thread.

    def publish(self, key, properties, body, exchange="", mandatory=False):
        """Publishes in the order of the calls. False: this life is over."""
        try:
            self.publishing.add_callback_threadsafe(
                functools.partial(self._out.basic_publish, exchange, key, body, properties, mandatory))
            return not self.is_over
        except AMQPError:
            return False

    def _publish_all(self):
        try:
            while not self.is_over:
                self.publishing.process_data_events(time_limit=1)
        except (AMQPError, OSError) as error:
            self.reason = f"{type(error).__name__}: {error}"
            self.is_over = True

    def _returned(self, channel, method, properties, body):
        self._on_return(method.routing_key, properties, body)

    def _cancelled(self, frame):
        if self.is_serving:
            self.reason = "the broker deleted a queue"
            self.is_over = True

    def close(self, seconds=2.0):
        """Writes what waits, bounded in time, and ends both connections."""
        try:
            self.publishing.add_callback_threadsafe(functools.partial(setattr, self, "is_over", True))
            self._thread.join(seconds)
        except (AMQPError, RuntimeError):
            pass  # it is over already, or never began
        self.is_over = True
        for connection in (self.consuming, self.publishing):
            try:
                if connection is self.consuming or not self._thread.is_alive():
                    connection.close()
            except (AMQPError, OSError):
                pass


class Names:
    """What things are called (§1). A new token for every life."""

    def __init__(self, exchange, prefix, node, instance):
        token = uuid.uuid4().hex[:12]
        self.nodes = f"{exchange}.nodes"
        self.replies, self.announcements = f"{prefix}replies.{node}.{token}", f"{prefix}nodes.{node}.{token}"
        self.requests, self.lock = f"{prefix}calls.{instance}.{token}", f"{prefix}lock.{instance}"
