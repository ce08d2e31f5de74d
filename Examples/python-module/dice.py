#!/usr/bin/env python3
"""The module type Dice: clients call Dice/Handler_Roll, other modules call roll."""

import secrets

from mqant import HandlerError, InvalidArguments
from mqant.command import main

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


if __name__ == "__main__":
    main("Dice", Dice, __doc__)
