"""Names from data, such as a version's, as names of files and folders."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

#: Bytes that a name may have: file systems allow 255, of which prefixes, endings and names aside need some.
_LONGEST = 160
_DIGEST = 16


def file_name(text: str) -> str:
    """A text as part of a file's name; different texts have different names, however long they are.

    >>> file_name("1.0/b c")
    '1.0%2Fb%20c'
    >>> print(file_name("v" * 300))  # doctest: +ELLIPSIS
    vvv...vvv+...
    """
    name = quote(text, safe="")
    if len(name) <= _LONGEST:
        return name
    # a quoted name has no plus sign
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{name[: _LONGEST - _DIGEST - 1]}+{digest}"
