"""Waiting for things to become true, with a deadline."""

import time


def until(what, condition, seconds=10.0, every=0.02):
    """Polls `condition` until it returns something true, and returns that.

    Only for what cannot wake us by itself (a browser's page, another process's port); raises AssertionError that
    names `what` after `seconds`.
    """
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(every)
