"""The client on whose behalf a function runs (docs/wire.md §7)."""

import dataclasses
import json


class Session:
    """A copy of what the Gate knew when it sent the request. Operations on it are calls to that Gate: each raises
    CallError, takes a `deadline` of time.monotonic(), and renews the copy from the Gate's answer."""

    def __init__(self, node, state):
        self._node = node
        self.id, self.gate = state["Sessionid"], state["Serverid"]
        self._take(state)

    def _take(self, state):
        self.user = state.get("Userid") or ""
        self.groups = frozenset(state.get("Groups") or ())
        self.settings = dict(state.get("Settings") or {})
        self.version = state.get("Version") or 0

    def send(self, topic, payload, qos=0, deadline=None):
        """One PUBLISH to the client; returns when its Gate has taken it. `payload` is bytes, or becomes JSON."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        self._node.call_instance(self.gate, "Send", body, deadline=deadline,
                                 headers={"session-id": self.id, "topic": topic, "qos": str(qos)})

    def close(self, deadline=None):
        """Closes the client's connection."""
        self._node.call_instance(self.gate, "Close", [self.id], deadline=deadline)

    def bind(self, user, deadline=None):
        """Makes it this user's session; the user's other sessions end."""
        self._renew("Bind", [user], deadline)

    def unbind(self, deadline=None):
        """Makes it a guest's again."""
        self._renew("UnBind", [], deadline)

    def set(self, key, value, deadline=None):
        """Both are text."""
        self._renew("Set", [key, value], deadline)

    def remove(self, key, deadline=None):
        self._renew("Remove", [key], deadline)

    def push(self, changes, removed=(), deadline=None):
        """Several settings at once: a dictionary of those to set, and the keys to remove."""
        self._renew("Push", [{"set": changes, "removed": list(removed)}], deadline)

    def update(self, deadline=None):
        """Asks the Gate how the session is now."""
        self._renew("Update", [], deadline)

    def join(self, group, presence=None, deadline=None):
        """Has the client get what is pushed to a group from now on; False: it was in it already.

        With a Presence the membership is reported to a Roster. Joining again changes no presence.
        """
        told = dataclasses.asdict(presence) if presence else None
        return self._change("Join", [group, told], deadline)

    def leave(self, group, deadline=None):
        """False: it was not in it."""
        return self._change("Leave", [group], deadline)

    def _renew(self, function, arguments, deadline):
        self._take_answer(self._node.call_instance(self.gate, function, [self.id, *arguments], deadline=deadline))

    def _change(self, function, arguments, deadline):
        answer = self._node.call_instance(self.gate, function, [self.id, *arguments], deadline=deadline)
        self._take_answer(answer["session"])
        return answer["changed"] is True

    def _take_answer(self, state):
        # Of two copies the one with the larger version is newer.
        if (check_session(state).get("Version") or 0) >= self.version:
            self._take(state)


def read_session(text):
    """What a header `session` holds; raises ValueError if it is none."""
    return check_session(json.loads(text))


def check_session(state):
    if not isinstance(state, dict):
        raise ValueError("a session is an object")
    for key in ("Sessionid", "Serverid"):
        if not isinstance(state.get(key), str) or not state[key]:
            raise ValueError(f"{key} is missing")
    for key, kind in (("Userid", str), ("Groups", list), ("Settings", dict), ("Version", int)):
        if not isinstance(state.get(key, kind()), kind):
            raise ValueError(f"{key} has the wrong type")
    return state
