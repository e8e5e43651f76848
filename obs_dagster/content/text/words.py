"""The words of texts, in SQL: runs of letters and digits; where a script has no spaces, each sign is one."""

from __future__ import annotations

_UNSPACED = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
_WORD = rf"{_UNSPACED}|[\pL\pM\pN]+"


def words(text: str) -> str:
    """SQL for the list of the words of a text, in lower case."""
    return f"regexp_extract_all(lower({text}), '{_WORD}')"


def number_of(text: str) -> str:
    """SQL for a number that follows from a text alone, the same everywhere and for ever."""
    return f"md5_number_lower({text})"
