"""Requests, replies and announcements as AMQP messages: pure functions between pika's values and ours (docs/wire.md)."""

import dataclasses
import json

from pika import BasicProperties

from .errors import CallError
from .session import read_session

VERSION = 2  # of the protocol
JSON, BYTES = "application/json", "application/octet-stream"
MAXIMUM_BODY = 8 * 1024 * 1024  # bytes, §10
MAXIMUM_HEADERS = 125 * 1024


class Unreadable(Exception):
    """A message that is not what its queue is for: dropped and counted, never answered."""


@dataclasses.dataclass
class Request:
    function: str
    body: bytes
    is_json: bool
    correlation_id: str | None = None
    reply_to: str | None = None
    milliseconds: int | None = None  # that the caller still waits
    session: dict | None = None
    headers: dict = dataclasses.field(default_factory=dict)

    def arguments(self):
        """The array of arguments; raises CallError."""
        try:
            value = json.loads(self.body) if self.is_json else None
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, list):
            raise CallError("invalid-arguments", f"{self.function} takes a JSON array of arguments")
        return value


def is_probe(properties, body):
    """Whether a message only asks whether its queue is there (§4): that it came at all is the answer."""
    return not body and not properties.type


def answer_to_probe(properties, body, node):
    """Where to send the answer to a probe, and its properties; None: nobody asks for one."""
    if is_probe(properties, body) and properties.reply_to:
        return properties.reply_to, BasicProperties(app_id=node)
    return None


def read_request(properties, body):
    """The request in a message, or None for a probe. Raises Unreadable."""
    if is_probe(properties, body):
        return None
    if properties.content_type not in (JSON, BYTES) or not properties.type or len(body) > MAXIMUM_BODY:
        raise Unreadable("no request")
    # Integers are read as text (§5).
    headers = {name: str(value) for name, value in (properties.headers or {}).items() if isinstance(value, (str, int))}
    request = Request(properties.type, body, properties.content_type == JSON,
                      properties.correlation_id, properties.reply_to or None)
    request.milliseconds = number(headers.pop("timeout", None)) or number(properties.expiration)
    text = headers.pop("session", None)
    request.headers = headers
    try:
        # Who sends a session that cannot be read means something by it: not to be served as if without.
        request.session = None if text is None else read_session(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no session") from error
    return request


def write_request(function, arguments, node, milliseconds, reply_to=None, correlation_id=None, headers=None):
    """Properties and body of a request; `arguments` is a list, or bytes. Without `reply_to` it is a cast, without
    `milliseconds` it has no deadline."""
    is_bytes = isinstance(arguments, bytes)
    body = arguments if is_bytes else json.dumps(arguments, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MAXIMUM_BODY:
        raise CallError("too-large", f"{function}: {len(body)} bytes are over the bound of {MAXIMUM_BODY}")
    # What pika could not write would end the connection.
    try:
        size = sum(len(name.encode()) + len(value.encode()) for name, value in (headers or {}).items())
    except UnicodeEncodeError:
        raise CallError("invalid-arguments", f"{function}: a header is no UTF-8") from None
    if size > MAXIMUM_HEADERS:
        raise CallError("too-large", f"{function}: {size} bytes of headers are over the bound of {MAXIMUM_HEADERS}")
    return BasicProperties(type=function, content_type=BYTES if is_bytes else JSON, correlation_id=correlation_id,
                           reply_to=reply_to, expiration=milliseconds and str(max(1, milliseconds)), app_id=node,
                           headers=headers or {}), body


def write_reply(request, instance, result=None, error=None, load=None):
    """Properties and body of the reply to a request: its result, or a CallError. `load`: calls in flight and waiting,
    and whether another one would wait."""
    try:
        body = json.dumps(error.text if error else result, ensure_ascii=False, allow_nan=False,
                          separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        error, body = CallError("invalid-result", ""), b'"the result cannot be written"'
    if len(body) > MAXIMUM_BODY:
        error, body = CallError("too-large", ""), b'"the result is too large"'
    headers = {"error-code": error.code} if error else {}
    if load:
        headers["load"] = str(load[0])
        if load[1]:
            headers["full"] = "true"
    return BasicProperties(type="error" if error else "reply", content_type=JSON, app_id=instance,
                           correlation_id=request.correlation_id, headers=headers), body


def read_load(properties):
    """How busy the instance is that sent a reply: its calls and whether it is full; None if it does not say."""
    headers = properties.headers or {}
    calls = headers.get("load")
    if not isinstance(calls, str) or not calls.isascii() or not calls.isdigit() or len(calls) > 9:
        return None
    return int(calls), headers.get("full") == "true"


def read_reply(properties, body):
    """The result in a reply; raises the CallError that is in it, or Unreadable."""
    if properties.type not in ("reply", "error") or properties.content_type not in (JSON, BYTES):
        raise Unreadable("no reply")
    try:
        value = json.loads(body) if properties.content_type == JSON else body
    except (ValueError, RecursionError) as error:
        raise Unreadable("no JSON") from error
    if properties.type == "error":
        code = (properties.headers or {}).get("error-code")
        raise CallError(code if isinstance(code, str) else "remote", value if isinstance(value, str) else str(value))
    return value


class OtherVersion(Exception):
    """An announcement of a node that speaks another version of the protocol."""


def read_announcement(body):
    """An announcement (§4) with what is required in it; raises Unreadable, or OtherVersion."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("no announcement") from error
    return _announcement(value)


def others(announcement):
    """What an announcement tells of other nodes: announcements (§4), those left out that cannot be read."""
    told = announcement.get("others")
    for value in told if isinstance(told, list) else []:
        try:
            yield _announcement(value)
        except (Unreadable, OtherVersion):
            continue


def _announcement(value):
    try:
        node, sequence, instances = value["node"], value["sequence"], value["instances"]
        described = [(one["id"], one["type"], one["queue"]) for one in instances]
    except (KeyError, TypeError) as error:
        raise Unreadable("no announcement") from error
    if not all(isinstance(text, str) and text for text in (node, *(text for one in described for text in one))):
        raise Unreadable("a name is empty, or none")
    if value.get("version") != VERSION:
        raise OtherVersion(node, value.get("host", ""), value.get("version", 1))
    if not isinstance(sequence, int) or len({one[0] for one in described}) != len(described):
        raise Unreadable("no sequence, or an Id twice")
    return value


def read_gone(body):
    """The queues that are proven gone, in a message of type `gone` (§4); raises Unreadable."""
    try:
        value = json.loads(body)
        queues = value["queues"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable("not who is gone") from error
    if not isinstance(queues, list) or not all(isinstance(queue, str) and queue for queue in queues):
        raise Unreadable("a queue is none")
    return queues


def read_claim(body):
    """The node that does not answer, in a message of type `unreachable` (§4), and the number of its last announcement
    that the sender knows; raises Unreadable."""
    try:
        value = json.loads(body)
        node, sequence = value["node"], value["sequence"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unreadable("not who is unreachable") from error
    if not isinstance(node, str) or not isinstance(sequence, int):
        raise Unreadable("no node, or no sequence")
    return node, sequence


def number(text):
    """A decimal number of at least 1, or None."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) < 11 and int(text) else None
