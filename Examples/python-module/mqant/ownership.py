"""Which instance owns a key, and which owner a group's name means (docs/wire.md §4, §7): pure functions."""

MASK = 2**64 - 1
LONGEST_GROUP = 200  # bytes of UTF-8
USER = "user."


def weight(instance, key):
    """How much an instance is for a key: the larger, the more."""
    value = 0xcbf29ce484222325
    for byte in utf8(instance) + b"\0" + utf8(key):
        value = (value ^ byte) * 0x100000001b3 & MASK
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        value = (value ^ value >> 33) * factor & MASK
    return value ^ value >> 33


def ranked(instances, key):
    """Ids, the key's owner first, then its heir: who would own it next."""
    return sorted(instances, key=lambda one: (weight(one, key), utf8(one)), reverse=True)


def group_owned_by(module_type, key):
    """The name of a group whose pushes the owner of `key` sends, an instance of `module_type` that owns groups.

    Instances of this package own none: for groups of your own take any name that does not begin with "@" or "user.".
    """
    return f"@{module_type}/{key}"


def owner_of(group):
    """The module type that owns a group (None: Gates do), and the key that says which instance."""
    module_type, slash, key = group[1:].partition("/")
    return (module_type, key) if group.startswith("@") and slash else (None, group)


def utf8(name):
    # What came as JSON may hold half a surrogate pair, which is nothing that anybody else could have hashed.
    return name.encode("utf-8", "replace")
