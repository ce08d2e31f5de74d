"""How soon things go well again after a fault was repaired."""


def first_ok(outcomes, since):
    """Seconds from a moment until the first call that began after it was answered, or one that had waited for it."""
    found = [outcome.ended for outcome in outcomes if outcome.kind == "ok" and outcome.ended >= since]
    assert found, "no call went well after the repair"
    return min(found) - since


def last_failure(outcomes, since):
    """Seconds from a moment until the last call that failed had begun; 0 if none began after it."""
    found = [outcome.began for outcome in outcomes if outcome.kind != "ok" and outcome.began >= since]
    return max(found) - since if found else 0.0
