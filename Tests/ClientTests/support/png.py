"""Pictures of the screen that are small enough for the repository (PNG, third edition)."""

import collections
import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def smaller(data):
    """The same picture in its 256 most frequent colours; the others, at the edges of letters, become the nearest."""
    width, rows = pixels(data)
    counts = collections.Counter(colour for row in rows for colour in row)
    palette = {colour: index for index, (colour, _) in enumerate(counts.most_common(256))}
    index = {colour: palette[min(palette, key=lambda other: distance(colour, other))] for colour in counts}
    lines = b"".join(b"\0" + bytes(index[colour] for colour in row) for row in rows)
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, len(rows), 8, 3, 0, 0, 0)) \
        + chunk(b"PLTE", b"".join(palette)) + chunk(b"IDAT", zlib.compress(lines, 9)) + chunk(b"IEND", b"")


def pixels(data):
    """The width, and the rows of colours, of a picture of eight-bit RGB, as chromium makes them."""
    chunks = collections.defaultdict(bytes)
    at = len(SIGNATURE)
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        chunks[kind] += data[at + 8:at + 8 + size]
        at += 12 + size
    width, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert form == [8, 2, 0, 0, 0], f"not RGB without interlacing: {form}"
    raw = zlib.decompress(chunks[b"IDAT"])
    length = 3 * width
    above, rows = bytes(length), []
    for start in range(0, height * (length + 1), length + 1):
        above = unfiltered(raw[start], bytearray(raw[start + 1:start + 1 + length]), above)
        rows.append([bytes(above[at:at + 3]) for at in range(0, length, 3)])
    return width, rows


def unfiltered(kind, line, above):
    """§9: what a row's bytes say of their left, upper and upper left neighbours, three bytes for each pixel."""
    for at in range(len(line)):
        left, corner = (line[at - 3], above[at - 3]) if at > 2 else (0, 0)
        up = above[at]
        guess = (0, left, up, (left + up) // 2, nearest(left, up, corner))[kind]
        line[at] = (line[at] + guess) & 255
    return line


def nearest(left, up, corner):
    """§9.4, the Paeth predictor."""
    sum = left + up - corner
    return min((abs(sum - left), 0, left), (abs(sum - up), 1, up), (abs(sum - corner), 2, corner))[2]


def distance(one, other):
    return sum((a - b) ** 2 for a, b in zip(one, other))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
