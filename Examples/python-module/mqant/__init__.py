"""A node of an mqantserver cluster in Python, after docs/wire.md: modules that serve functions and call others."""

from .errors import CallError, HandlerError, InvalidArguments
from .node import Node
from .ownership import group_owned_by
from .roster import Presence, Roster
from .session import Session

__all__ = ["CallError", "HandlerError", "InvalidArguments", "Node", "Presence", "Roster", "Session", "group_owned_by"]
