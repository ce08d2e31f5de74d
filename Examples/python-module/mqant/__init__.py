"""A node of an mqantserver cluster in Python, after docs/wire.md: modules that serve functions and call others."""

from .errors import CallError, HandlerError, InvalidArguments
from .node import Node
from .session import Session

__all__ = ["CallError", "HandlerError", "InvalidArguments", "Node", "Session"]
