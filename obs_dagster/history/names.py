"""Text that the databases can keep: names come from people's data and may hold anything."""

from __future__ import annotations

import hashlib

MAX_BYTES = 500
"""Three names fit into one row of a PostgreSQL index, whose limit is 2,704 bytes."""


def storable_text(text: str) -> str:
    r"""The text without what the databases cannot keep.

    NUL, which PostgreSQL refuses, and lone surrogates, which UTF-8 cannot hold, are written as escapes.

    >>> storable_text("a\x00b")
    'a\\x00b'
    """
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def storable(name: str) -> str:
    """The name as it is stored; usual names stay as they are, different names stay different.

    The tail of a very long name gives way to a digest of the whole.

    >>> storable("origin=JFK")
    'origin=JFK'
    """
    text = storable_text(name)
    encoded = text.encode()
    if len(encoded) <= MAX_BYTES:
        return text
    digest = hashlib.sha256(encoded).hexdigest()[:16]
    return f"{encoded[: MAX_BYTES - 20].decode(errors='ignore')}…{digest}"
