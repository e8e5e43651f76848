"""Where texts mention ids: replaced in pages, lists and records that are kept as texts."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection
from typing import Any

GONE = "(forgotten)"
_SHORT = 6
_PLAIN = re.compile(r"[0-9.]+")


class Mentions:
    """Finds ids in texts.

    An id that is a number, or short, may be any number or word of a page; it is found where it stands alone
    between quotes or tags. Any other one is found wherever it is no part of a longer word.

    Args:
        ids: the ids, and their pseudonyms.
    """

    def __init__(self, ids: Collection[str]) -> None:
        self._ids = frozenset(ids)
        self._pattern = re.compile(
            "|".join(_found(each) for each in sorted(ids, key=len, reverse=True)) or "(?!)"
        )

    def replaced(self, text: str) -> str:
        """The text without them."""
        return self._pattern.sub(GONE, text)

    def taken_out(self, value: Any) -> Any:
        """Plain data without them: of a list they are gone, in texts they are replaced."""
        if isinstance(value, str):
            return GONE if value in self._ids else self.replaced(value)
        if isinstance(value, list):
            return [
                self.taken_out(each) for each in value if not (isinstance(each, str) and each in self._ids)
            ]
        if isinstance(value, dict):
            return {key: self.taken_out(each) for key, each in value.items()}
        return value


def _found(text: str) -> str:
    """A pattern for an id as pages write it: as it is, in HTML, in JSON."""
    forms = {text, html.escape(text), json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    either = "|".join(re.escape(each) for each in sorted(forms, key=len, reverse=True))
    if _PLAIN.fullmatch(text) or len(text) < _SHORT:
        return rf"(?<=[>\"'])(?:{either})(?=[<\"'])"
    return rf"(?<![\w.-])(?:{either})(?![\w-])"
