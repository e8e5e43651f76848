"""Take the secrets of a channel's URL out of an error text before it is kept or shown."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

_SHORTEST = 5
"""Shorter parts of a URL are no secrets, and taking them out would make the text unreadable."""


def scrub(text: str, url: str, label: str) -> str:
    """The text with every part of the URL that its label doesn't show replaced by `***`.

    Args:
        text: what a channel said about its failure, on one or more lines.
        url: the URL with its secrets filled in.
        label: the form of it that may be shown.

    >>> scrub("401 for night:hunter2@smtp.example", "mailto://night:hunter2@smtp.example", "mailto://smtp.example")
    '401 for ***:***@smtp.example'
    """
    pieces = re.split(r"[/:@?&=#,;+]+", url.partition("://")[2])
    secrets = {form for piece in pieces for form in (piece, unquote(piece), quote(unquote(piece), safe=""))}
    # What may itself hold a separator: the whole of what stands before the host, and the path.
    secrets.update(url.partition("://")[2].rpartition("@")[0].split(":", 1))
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST and secret not in label:
            text = text.replace(secret, "***")
    return text
