"""Why a call has no result. The codes are those of docs/wire.md §6."""


class CallError(Exception):
    """`code` is for programs, `text` for a person: clients of the Gate see it."""

    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code, self.text = code, text


class HandlerError(CallError):
    """What a function raises to answer with an error text of its own."""

    def __init__(self, text):
        super().__init__("remote", text)


class InvalidArguments(CallError):
    """What a function raises when number, shape or type of its arguments do not fit."""

    def __init__(self, text):
        super().__init__("invalid-arguments", text)


class IdTaken(Exception):
    """Another process serves an instance of this Id."""
