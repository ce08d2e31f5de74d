"""The command line of a module."""

import argparse
import logging
import os
import signal
import sys

import pika
import pika.exceptions

from .errors import IdTaken
from .node import Node


def is_broker(uri):
    try:
        pika.URLParameters(uri)
    except Exception:  # a URI that is none makes pika raise almost anything
        return False
    return uri.startswith(("amqp://", "amqps://"))


def main(module_type, serve, description):
    """Reads the options, has `serve(node)` register the functions, and runs until SIGTERM or SIGINT."""
    name = module_type.lower()
    variable = f"{module_type.upper()}_URI"
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--id", default=f"python:{module_type}",
                        help="the instance's Id, its own in the cluster (default: %(default)s)")
    parser.add_argument("--uri", action="append", help="amqp://user:password@host:port/vhost; may be given again "
                        f"(default: ${variable}, which ps does not show, or the broker on this machine)")
    parser.add_argument("--exchange", default="mqant", help="Rabbitmq.Exchange of server.conf (default: %(default)s)")
    parser.add_argument("--queue", default="", help="Rabbitmq.Queue of server.conf (default: none)")
    parser.add_argument("--host", default=os.uname().nodename, help="what people are told (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=8, help="functions that run at a time (default: %(default)s)")
    parser.add_argument("--log-level", default="INFO", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    options = parser.parse_args()
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)-7s %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)

    uris = options.uri or [os.environ.get(variable, "amqp://guest:guest@127.0.0.1:5672/%2F")]
    if not all(map(is_broker, uris)):
        # Not shown: there may be a password in it.
        parser.error("the URI of a broker is amqp://user:password@host:port/vhost, or amqps://")
    node = Node(module_type, options.id, uris, options.exchange, options.queue, options.host, workers=options.workers)
    serve(node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: node.stop())
    try:
        node.run()
    except (IdTaken, pika.exceptions.AMQPError) as error:
        sys.exit(f"{name}: {error}")
