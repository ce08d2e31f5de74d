"""The client on whose behalf a function runs (docs/wire.md §7)."""

import json


class Session:
    """A copy of what the Gate knew when it sent the request. Operations on it are calls to that Gate."""

    def __init__(self, node, state):
        self._node = node
        self.id, self.gate = state["Sessionid"], state["Serverid"]
        self.user = state.get("Userid") or ""
        self.groups = frozenset(state.get("Groups") or ())
        self.settings = dict(state.get("Settings") or {})
        self.version = state.get("Version") or 0

    def send(self, topic, payload, qos=0, deadline=None):
        """One PUBLISH to the client; returns when its Gate has taken it. `payload` is bytes, or becomes JSON.

        Raises CallError; `deadline` is a time of time.monotonic().
        """
        body = payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()
        self._node.call_instance(self.gate, "Send", body, deadline=deadline,
                                 headers={"session-id": self.id, "topic": topic, "qos": str(qos)})

    def close(self, deadline=None):
        """Closes the client's connection."""
        self._node.call_instance(self.gate, "Close", [self.id], deadline=deadline)


def read_session(text):
    """What a header `session` holds; raises ValueError if it is none."""
    state = json.loads(text)
    if not isinstance(state, dict):
        raise ValueError("a session is an object")
    for key in ("Sessionid", "Serverid"):
        if not isinstance(state.get(key), str) or not state[key]:
            raise ValueError(f"{key} is missing")
    for key, kind in (("Userid", str), ("Groups", list), ("Settings", dict), ("Version", int)):
        if not isinstance(state.get(key, kind()), kind):
            raise ValueError(f"{key} has the wrong type")
    return state
