"""The words that a baseline's texts have: which share of a text's words is not among them.

A text always knows its own words, so texts of the baseline would look more familiar than any later ones.
Therefore the words of a text are looked up among those of the *other* days: of a day of the baseline without
its own, of a later day without one of the baseline's, in turn. So what recurs from day to day is known on
every day alike, and a day of the baseline has as many unknown words as a quiet night has. Training rows have
no days, and few days have not enough others; then a text is looked up among those of nine tenths of the
texts, by a hash of what they say, whether it was learned from or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.content.protocol import DAY, asked
from obs_dagster.content.text.words import number_of, words
from obs_dagster.lake.quoting import identifier, literal

if TYPE_CHECKING:
    import duckdb

#: Texts that are learned from, and words that are known.
_TEXTS, _WORDS = 100_000, 100_000
#: Texts that are too few to know a language by, days that know enough without one, and parts of texts.
_FEWEST_TEXTS, _FEWEST_DAYS, _PARTS = 100, 10, 10
#: Words are looked up in as many bits: of the words that are not known one of 21 shares a bit, at most.
_BITS = 1 << 21


def learn_vocabulary(rows: duckdb.DuckDBPyRelation, column: str) -> Mapping[str, Any]:
    """The words of the texts, with the day of such as one day alone has; empty if there are too few texts."""
    text = identifier(column)
    counted = f"SELECT {DAY}::VARCHAR, count(*) FROM log WHERE {text} IS NOT NULL GROUP BY 1 ORDER BY 1"
    by_day = dict(asked(rows, counted).fetchall())
    number = sum(by_day.values())
    if number < _FEWEST_TEXTS:
        return {}
    days = [day for day in by_day if day is not None]
    if len(days) < _FEWEST_DAYS:
        days = []
    drawn = (
        f"SELECT DISTINCT {_own(days, text)} AS own, unnest({words(text)}) AS word FROM log "
        f"WHERE {text} IS NOT NULL AND {number_of(text)} // {_PARTS} % {-(-number // _TEXTS)} = 0"
    )
    frequent = (
        f"SELECT CASE WHEN count(*) = 1 THEN min(own) ELSE '' END, word FROM ({drawn}) "
        f"GROUP BY word ORDER BY count(*) DESC, word LIMIT {_WORDS}"
    )
    found: dict[str, list[str]] = {}
    for own, word in asked(rows, frequent).fetchall():
        found.setdefault(own, []).append(word)
    return {"days": days, "words": {own: sorted(found[own]) for own in sorted(found)}}


def unknown_share(learned: Mapping[str, Any]) -> str:
    """SQL for the share of a text's words that the baseline's other texts do not have.

    In it `{0}` stands for the text, and `{1}` for its words.
    """
    known: Mapping[str, list[str]] = learned["words"]
    once = {own: each for own, each in known.items() if own}
    several = _bits(known.get("", ()))
    alone = _bits(word for each in once.values() for word in each)
    of_own = _bits(word + _OWN + own for own, each in once.items() for word in each)
    own = f"coalesce({_own(learned['days'], '{0}')}, '')"
    of_it = _place(f"concat(word, '{_OWN}', {own})")
    unknown = (
        f"get_bit({several}, {_place('word')}) = 0 AND (get_bit({alone}, {_place('word')}) = 0 "
        f"OR get_bit({of_own}, {of_it}) = 1)"
    )
    return f"len(list_filter({{1}}, lambda word: {unknown})) / nullif(len({{1}}), 0)"


_OWN = " "
"""Between a word and what it is of; no word has it."""


def _own(days: Sequence[str], text: str) -> str:
    """SQL for what a text is not looked up among: a day, if there are any, or a part of the texts."""
    if not days:
        return f"CAST({number_of(text)} % {_PARTS} AS VARCHAR)"
    known = f"[{', '.join(map(literal, days))}]"
    turn = f"{known}[1 + CAST(({DAY} - DATE '1970-01-01') % {len(days)} AS INTEGER)]"
    return f"CASE WHEN list_contains({known}, {DAY}::VARCHAR) THEN {DAY}::VARCHAR ELSE {turn} END"


def _place(word: str) -> str:
    return f"CAST(hash({word}) % {_BITS} AS INTEGER)"


def _bits(known: Iterable[str]) -> str:
    """SQL for a string of bits, of which those of known words are set.

    The database's own hash tells which: it need not be the same with the next version of it.
    """
    import duckdb

    with duckdb.connect() as connection:
        hashes = connection.execute(
            f"SELECT {_place('word')} AS place FROM (SELECT unnest(?::VARCHAR[]) AS word)", [list(known)]
        ).fetchnumpy()["place"]
    bits = np.zeros(_BITS, np.bool_)
    bits[np.asarray(hashes, np.int64)] = True
    return f"CAST(unhex('{np.packbits(bits).tobytes().hex()}') AS BIT)"
