"""Categories that are spelled in another way: case, blanks, punctuation, numbers as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import numpy as np

from obs_dagster.changes.cause import Cause
from obs_dagster.changes.figures import named
from obs_dagster.changes.pair import Categories, Pair, total_variation
from obs_dagster.profile.distribution import FloatArray, IntArray

_NAMED = 2
"""New spellings that are told."""

_FEWEST = 0.03
"""Fewer rows in another spelling explain no change."""

_BLANKS = re.compile(r"\s+")
_SEPARATORS = re.compile(r"[\W_]+")
_NUMBER = re.compile(r"[+-]?0*([0-9]+?)(?:\.0*)?")
_TRUTHS = {"true": "1", "yes": "1", "y": "1", "t": "1", "false": "0", "no": "0", "n": "0", "f": "0"}


def _without_blanks(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _without_punctuation(text: str) -> str:
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return _SEPARATORS.sub("", bare)


def _without_zeros(text: str) -> str:
    found = _NUMBER.fullmatch(text.strip())
    return text if found is None else found[1]


def _truth(text: str) -> str:
    bare = text.strip().casefold()
    return _TRUTHS.get(bare, _without_zeros(bare))


_WAYS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("case", str.casefold),
    ("blanks", _without_blanks),
    ("case and blanks", lambda text: _without_blanks(text).casefold()),
    ("the form of numbers", _without_zeros),
    ("the words for true and false", _truth),
    ("punctuation or accents", lambda text: _without_punctuation(text) or text),
    ("case, blanks and punctuation", lambda text: _without_punctuation(text).casefold() or text),
)
"""What may differ between two spellings, and what is left without it; the first that explains is told."""


class Spelling:
    """Categories that are spelled in another way."""

    name = "spelling"

    def look(self, pair: Pair) -> Cause | None:
        """The way of spelling that explains the window."""
        if not isinstance(pair, Categories):
            return None
        return next((cause for told, bare in _WAYS if (cause := self._cause(pair, told, bare))), None)

    def _cause(self, pair: Categories, told: str, bare: Callable[[str], str]) -> Cause | None:
        keys = [bare(name) for name in pair.names]
        places: dict[str, int] = {}
        group = np.array([places.setdefault(key, len(places)) for key in keys])
        if len(places) == len(keys):
            return None
        was, now = (np.bincount(group, side).astype(np.float64) for side in (pair.was, pair.now))
        if not pair.explained(was, now):
            return None
        gain = np.where(np.bincount(group)[group] > 1, pair.now - pair.was, 0.0)
        risen = float(np.clip(gain, 0, None).sum())
        if risen < _FEWEST:
            return None
        return Cause(
            self.name,
            f"{_examples(pair.names, group, gain)}: new spelling ({told})?",
            min(1.0, risen),
            total_variation(was, now),
        )


def _examples(names: list[str], group: IntArray, gain: FloatArray) -> str:
    """The spellings that gained most, each beside that of the same group that lost most."""
    groups: dict[int, list[int]] = {}
    for place, of in enumerate(group.tolist()):
        groups.setdefault(of, []).append(place)
    pairs = [
        (max(members, key=gain.__getitem__), min(members, key=gain.__getitem__))
        for members in groups.values()
        if len(members) > 1
    ]
    pairs.sort(key=lambda pair: -gain[pair[0]])
    told = [f"{named(names[gained])} for {named(names[lost])}" for gained, lost in pairs[:_NAMED]]
    more = len(pairs) - _NAMED
    return ", ".join([*told, *([f"{more} more"] if more > 0 else [])])


CAUSE = Spelling()
