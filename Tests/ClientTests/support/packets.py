"""MQTT packets as bytes, right ones and wrong ones (MQTT 3.1.1 §2 and §3)."""

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL = 1, 2, 3, 4, 5, 6
SUBSCRIBE, SUBACK, UNSUBSCRIBE, PINGREQ, PINGRESP, DISCONNECT = 8, 9, 10, 12, 13, 14


def length(number):
    """A remaining length, §2.2.3."""
    encoded = bytearray()
    while True:
        number, digit = divmod(number, 128)
        encoded.append(digit | (128 if number else 0))
        if not number:
            return bytes(encoded)


def string(value):
    """Two bytes of length and the text; bytes go as they are."""
    data = value.encode() if isinstance(value, str) else value
    return len(data).to_bytes(2, "big") + data


def packet(kind, body=b"", flags=0):
    return bytes([kind << 4 | flags]) + length(len(body)) + body


def connect(client="raw", name="MQTT", level=4, flags=2, keepalive=60, rest=b""):
    """CONNECT, §3.1; by default 3.1.1 with a clean session."""
    body = string(name) + bytes([level, flags]) + keepalive.to_bytes(2, "big") + string(client) + rest
    return packet(CONNECT, body)


def publish(topic, payload=b"", qos=0, number=None, flags=0):
    """PUBLISH, §3.3."""
    identifier = b"" if number is None else number.to_bytes(2, "big")
    data = payload.encode() if isinstance(payload, str) else payload
    return packet(PUBLISH, string(topic) + identifier + data, qos << 1 | flags)


def subscribe(number, *filters, flags=2):
    """SUBSCRIBE, §3.8: filters are pairs of text and QoS."""
    body = number.to_bytes(2, "big") + b"".join(string(topic) + bytes([qos]) for topic, qos in filters)
    return packet(SUBSCRIBE, body, flags)


def split(data):
    """The first packet: its kind, its flags, its body, and the bytes behind it. None if it is not whole."""
    size = 0
    for index in range(1, min(5, len(data))):
        size |= (data[index] & 127) << 7 * (index - 1)
        if data[index] < 128:
            end = index + 1 + size
            return (data[0] >> 4, data[0] & 15, data[index + 1:end], data[end:]) if len(data) >= end else None
    return None
