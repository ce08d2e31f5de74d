"""MQTT 3.1.1 as bytes, as much of it as a crowd of clients at QoS 0 needs (MQTT 3.1.1 §2, §3)."""

import struct

CONNACK, PUBLISH, PINGRESP = 2, 3, 13
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


def text(value):
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def length(count):
    """The remaining length: seven bits a byte, the lowest first (§2.2.3)."""
    encoded = bytearray()
    while True:
        count, low = count >> 7, count & 0x7F
        encoded.append(low | (0x80 if count else 0))
        if not count:
            return bytes(encoded)


def connect(client_id, keepalive=60):
    body = text("MQTT") + bytes([4, 2]) + struct.pack(">H", keepalive) + text(client_id)
    return b"\x10" + length(len(body)) + body


def publish(topic, payload):
    body = text(topic) + payload
    return b"\x30" + length(len(body)) + body


def packets(buffer):
    """Takes whole packets off a bytearray: pairs of type and body."""
    while True:
        count, shift, index = 0, 0, 1
        while True:
            if index >= len(buffer):
                return
            byte = buffer[index]
            count |= (byte & 0x7F) << shift
            index, shift = index + 1, shift + 7
            if not byte & 0x80:
                break
        if len(buffer) < index + count:
            return
        kind, body = buffer[0] >> 4, bytes(buffer[index:index + count])
        del buffer[:index + count]
        yield kind, body


def read_publish(body):
    """Topic and payload of a PUBLISH at QoS 0."""
    size = struct.unpack_from(">H", body)[0]
    return body[2:2 + size].decode(), body[2 + size:]
