"""Pushes to groups of clients, wherever these are connected (docs/wire.md §7, "Groups")."""

import json

from .errors import CallError, InvalidArguments
from .ownership import LONGEST_GROUP, USER

PUSH = "$push"


class Groups:
    """What a Node can do with groups. `_calls` is the node's.

    A payload is bytes, or becomes JSON. `leave_out` is a session, or its id, that does not get the push. What is pushed
    from one thread to one group comes in order. The names of groups have 1 to 200 bytes of UTF-8, users' 1 to 195.
    """

    def push(self, group, topic, payload, qos=0, leave_out=None):
        """One PUBLISH to each member of a group; fire and forget. Lost without a Gate, or without a broker for long."""
        self._calls.cast({"group": group}, PUSH, encoded(payload), headers(group, topic, qos, leave_out))

    def push_confirmed(self, group, topic, payload, qos=0, leave_out=None, deadline=None):
        """The same; returns whether anybody is in the group, who is left out included. Raises CallError.

        True as well while that is not known: for 5 s a Gate that was killed may have a member.
        """
        try:
            return self._calls.call({"group": group}, PUSH, encoded(payload), deadline,
                                    headers(group, topic, qos, leave_out)) is True
        except CallError as error:
            # Where no Gate is, nobody is in any group.
            if error.code == "not-found":
                return False
            raise

    def has_members(self, group, deadline=None):
        """Whether anybody is in the group."""
        return self.push_confirmed(group, "", b"", deadline=deadline)

    def push_to_user(self, user, topic, payload, qos=0):
        """One PUBLISH to a user, at whatever Gate; fire and forget."""
        self.push(of_user(user), topic, payload, qos)

    def is_online(self, user, deadline=None):
        """Whether the user has a session at any Gate."""
        return self.has_members(of_user(user), deadline)

    def disconnect(self, user, reason="disconnected by the server", deadline=None):
        """Ends a user's sessions, each with a push Gate/OnKick before; returns whether the user was there."""
        return self.push_confirmed(of_user(user), "$disconnect", {"reason": reason}, deadline=deadline)

    def members(self, group, deadline=None):
        """Who is in a group with a presence, by asking all Gates: [{"session", "key", "name"}]. Raises CallError."""
        found = []
        for gate in self._calls.look(lambda view: [one["id"] for one in view.gates()]) or ():
            try:
                found += self.call_instance(gate, "Members", [group], deadline=deadline)
            except CallError as error:
                if error.code != "not-found":  # gone meanwhile, and its members too
                    raise
        return found


def of_user(user):
    if not user:
        raise InvalidArguments("a user has a name")
    return USER + user


def encoded(payload):
    return payload if isinstance(payload, bytes) else json.dumps(payload, ensure_ascii=False).encode()


def headers(group, topic, qos, leave_out):
    try:
        length = len(group.encode())
    except UnicodeEncodeError:
        length = 0
    if not 1 <= length <= LONGEST_GROUP:
        raise InvalidArguments(f"a group's name has 1 to {LONGEST_GROUP} bytes of UTF-8")
    values = {"group": group, "topic": topic}
    if qos:
        values["qos"] = str(qos)
    if leave_out is not None:
        values["except"] = leave_out if isinstance(leave_out, str) else leave_out.id
    return values
