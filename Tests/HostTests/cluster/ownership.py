"""Which Chat owns a room: rendezvous hashing, from its description in docs/architecture.md and Sources/RPC/Cluster."""

MASK = (1 << 64) - 1


def weight(instance, key):
    """FNV-1a, 64 bits, over the Id, a zero byte and the key; then an avalanche."""
    value = 0xCBF29CE484222325
    for byte in instance.encode() + b"\0" + key.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    value = (value ^ value >> 33) * 0xFF51AFD7ED558CCD & MASK
    value = (value ^ value >> 33) * 0xC4CEB9FE1A85EC53 & MASK
    return value ^ value >> 33


def owner(key, instances):
    return max(instances, key=lambda instance: (weight(instance, key), instance))


def owned(instance, keys, instances):
    """The keys among `keys` that an instance owns among `instances`."""
    return frozenset(key for key in keys if owner(key, instances) == instance)
