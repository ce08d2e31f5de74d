"""What became of calls, and of which kind of docs/architecture.md#failure-semantics an error is."""

import collections

OK, NOT_FOUND, INTERRUPTED, TIMEOUT = "ok", "notFound", "interrupted", "timeout"
OVERLOADED, DISCONNECTED, REMOTE = "overloaded", "disconnected", "remote"
UNANSWERED, CLOSED = "unanswered", "closed"  # no answer at all; the client's connection ended

# The texts that clients see (RPCError's messages), and their kinds. A text that fits none is a handler's own.
TEXTS = [
    (INTERRUPTED, ("the process that held ",)),
    (TIMEOUT, (" did not answer in time", "the deadline passed before the broker took it")),
    (DISCONNECTED, ("the connection to the broker was lost while ", "no connection to the broker")),
    (OVERLOADED, (" is overloaded", "too many calls ", "too many groups ", "the broker refused the push")),
]


def kind(text):
    """The kind of an answer by its Error."""
    if not text:
        return OK
    if text.startswith("Service(") and text.endswith(" not found"):
        return NOT_FOUND
    return next((kind for kind, parts in TEXTS if any(part in text for part in parts)), REMOTE)


class Outcome:
    """One call: times are time.monotonic()."""

    def __init__(self, route, began, ended, kind, text):
        self.route, self.began, self.ended, self.kind, self.text = route, began, ended, kind, text

    @property
    def seconds(self):
        return self.ended - self.began

    def __repr__(self):
        return f"<{self.route} at {self.began:.2f} for {self.seconds:.2f} s: {self.kind} {self.text!r}>"


class Outcomes(list):
    """Calls, to be narrowed down and counted."""

    def where(self, condition):
        return Outcomes(outcome for outcome in self if condition(outcome))

    def of(self, *kinds):
        return self.where(lambda outcome: outcome.kind in kinds)

    def to(self, *types):
        """Those whose callee, or a callee behind it, is of these module types.

        Chat's join calls Login, and both Login and Chat's join and leave call the Gate; a say calls nobody.
        """
        return self.where(lambda outcome: outcome.route.split("/")[0] in types)

    def began(self, since, until=float("inf")):
        return self.where(lambda outcome: since <= outcome.began < until)

    def ended(self, since, until=float("inf")):
        return self.where(lambda outcome: since <= outcome.ended < until)

    @property
    def kinds(self):
        return dict(collections.Counter(outcome.kind for outcome in self))

    def but(self, *kinds):
        """Those of other kinds: none are expected."""
        return self.where(lambda outcome: outcome.kind not in kinds)
