#!/usr/bin/env python3
"""The module type Dice: clients call Dice/Handler_Roll, other modules call roll."""

import argparse
import logging
import os
import secrets
import signal
import sys

import pika.exceptions

from mqant import HandlerError, InvalidArguments, Node
from mqant.errors import IdTaken

MOST_SIDES = 1000


def checked(sides):
    if not isinstance(sides, int) or isinstance(sides, bool):
        raise InvalidArguments("sides must be a whole number")
    if not 2 <= sides <= MOST_SIDES:
        raise HandlerError(f"a die has 2 to {MOST_SIDES} sides")
    return sides


class Dice:
    def __init__(self, node):
        self.node = node
        node.register("Handler_Roll", self.handler_roll)
        node.register("roll", self.roll)

    def handler_roll(self, call, request):
        """For clients: {"sides": 6} -> {"roll": 4, "sides": 6, "text": ...}, and the same as a push on Dice/OnRoll."""
        if not isinstance(request, dict):
            raise InvalidArguments("Handler_Roll takes an object with sides")
        if call.session is None:
            raise HandlerError("Handler_Roll is for clients")
        sides = checked(request.get("sides", 6))
        # The luck comes from another module: "dice 123456".
        text = self.node.call("Login", "getRand", "dice", deadline=call.deadline)
        rolled = {"roll": int(text.rsplit(" ", 1)[1]) % sides + 1, "sides": sides, "text": text}
        call.session.send("Dice/OnRoll", dict(rolled, userName=call.session.user), deadline=call.deadline)
        return rolled

    def roll(self, call, sides=6):
        """For modules: roll(6) -> 4."""
        return secrets.randbelow(checked(sides)) + 1


def is_broker(uri):
    try:
        pika.URLParameters(uri)
    except Exception:  # a URI that is none makes pika raise almost anything
        return False
    return uri.startswith(("amqp://", "amqps://"))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", default="python:Dice",
                        help="the instance's Id, its own in the cluster (default: %(default)s)")
    parser.add_argument("--uri", action="append", help="amqp://user:password@host:port/vhost; may be given again "
                        "(default: $DICE_URI, which ps does not show, or the broker on this machine)")
    parser.add_argument("--exchange", default="mqant", help="Rabbitmq.Exchange of server.conf (default: %(default)s)")
    parser.add_argument("--queue", default="", help="Rabbitmq.Queue of server.conf (default: none)")
    parser.add_argument("--host", default=os.uname().nodename, help="what people are told (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=8, help="functions that run at a time (default: %(default)s)")
    parser.add_argument("--log-level", default="INFO", type=str.upper, choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    options = parser.parse_args()
    logging.basicConfig(level=options.log_level, format="%(asctime)s %(levelname)-7s %(message)s")
    logging.getLogger("pika").setLevel(logging.CRITICAL)

    uris = options.uri or [os.environ.get("DICE_URI", "amqp://guest:guest@127.0.0.1:5672/%2F")]
    if not all(map(is_broker, uris)):
        # Not shown: there may be a password in it.
        parser.error("the URI of a broker is amqp://user:password@host:port/vhost, or amqps://")
    node = Node("Dice", options.id, uris, options.exchange, options.queue, options.host, workers=options.workers)
    Dice(node)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: node.stop())
    try:
        node.run()
    except (IdTaken, pika.exceptions.AMQPError) as error:
        sys.exit(f"dice: {error}")


if __name__ == "__main__":
    main()
