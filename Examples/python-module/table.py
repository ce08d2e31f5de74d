#!/usr/bin/env python3
"""The module type Table: clients sit down at tables, roll a die there, and hear each other."""

import secrets
import unicodedata

from mqant import HandlerError, InvalidArguments, Presence, Roster
from mqant.command import main

LONGEST_NAME = 64  # bytes of UTF-8, of tables and users


def name_in(request, key):
    """A name that somebody typed, composed: one é is one name, however it is typed."""
    name = request.get(key) if isinstance(request, dict) else None
    if not isinstance(name, str) or not name:
        raise InvalidArguments(f"{key} is missing")
    name = unicodedata.normalize("NFC", name)
    try:
        length = len(name.encode())
    except UnicodeEncodeError:  # half of a surrogate pair is text to JSON, and to nobody else
        raise InvalidArguments(f"{key} is no text") from None
    if length > LONGEST_NAME:
        raise HandlerError(f"{key} has at most {LONGEST_NAME} bytes of UTF-8")
    return name


def for_clients(function):
    def handler(call, request):
        if call.session is None:
            raise HandlerError("this function is for clients")
        return function(call, request)

    return handler


def group_of(table):
    return f"table.{table}"


class Table:
    """A table is a group, and who sits there is known where the clients are: at the Gates. So any instance serves any
    table, and none has anything to lose."""

    def __init__(self, node):
        self.node = node
        self.roster = Roster(node, self.is_gone)
        for function in (self.login, self.join, self.roll, self.invite, self.who, self.leave):
            node.register(f"Handler_{function.__name__.capitalize()}", for_clients(function))
        node.register("seated", self.seated)

    def login(self, call, request):
        """{"user": "Ada"}: whoever says so is Ada. A real game asks for a password."""
        user = name_in(request, "user")
        call.session.bind(user, deadline=call.deadline)
        return f"welcome {user}"

    def join(self, call, request):
        """{"table": "oak"} -> who is there. The others get a push on Table/OnJoin."""
        table, session = name_in(request, "table"), call.session
        if not session.user:
            raise HandlerError("log in first")
        presence = Presence(self.node.type, table, session.user)
        if not session.join(group_of(table), presence, deadline=call.deadline):
            raise HandlerError("you are there already")
        self.node.push(group_of(table), "Table/OnJoin", {"table": table, "user": session.user}, leave_out=session)
        return self.names(table, call.deadline)

    def roll(self, call, request):
        """{"table": "oak"} -> a number from 1 to 6. All at the table get a push on Table/OnRoll."""
        table = self.table_of(call, request)
        rolled = secrets.randbelow(6) + 1
        self.node.push(group_of(table), "Table/OnRoll", {"table": table, "user": call.session.user, "roll": rolled})
        return rolled

    def invite(self, call, request):
        """{"table": "oak", "user": "Bob"}: he gets a push on Table/OnInvite, wherever he is."""
        table, user = self.table_of(call, request), name_in(request, "user")
        if not self.node.is_online(user, deadline=call.deadline):
            raise HandlerError(f"{user} is not online")
        self.node.push_to_user(user, "Table/OnInvite", {"table": table, "user": call.session.user})
        return "invited"

    def who(self, call, request):
        """{"table": "oak"} -> ["Ada", "Bob"]."""
        return self.names(self.table_of(call, request), call.deadline)

    def leave(self, call, request):
        """{"table": "oak"}. The others hear of it by `is_gone`."""
        call.session.leave(group_of(self.table_of(call, request)), deadline=call.deadline)
        return "bye"

    def seated(self, call, table):
        """For modules: the names that this instance's roster has."""
        return sorted({one.name for one in self.roster.members(group_of(table))})

    def is_gone(self, member):
        """Somebody left, or lost the connection."""
        self.node.push(member.group, "Table/OnLeave", {"table": member.key, "user": member.name})

    def names(self, table, deadline):
        # The Gates are asked: a third instance of Table would not be told by them.
        return sorted({one["name"] for one in self.node.members(group_of(table), deadline)})

    @staticmethod
    def table_of(call, request):
        table = name_in(request, "table")
        if group_of(table) not in call.session.groups:
            raise HandlerError("you are not at this table")
        return table


if __name__ == "__main__":
    main("Table", Table, __doc__)
