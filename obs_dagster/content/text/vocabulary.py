"""The words that a baseline's texts have: which share of a text's words is not among them.

A text would always know its own words, so texts of the baseline would look more familiar than any that come
later. Therefore texts are in two halves, by a hash of what they say, and the words of each text are looked up
among those of the other half, on every day: what was learned from and what was not are told alike, and so are
texts that occur twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from obs_dagster.content.protocol import asked
from obs_dagster.content.text.words import number_of, words
from obs_dagster.lake.quoting import identifier

if TYPE_CHECKING:
    import duckdb

#: Texts that are learned from, words that are known of each half, and texts that have each of them at least.
_TEXTS, _WORDS, _FEWEST = 100_000, 50_000, 2
#: Texts of a half that are too few to know a language by.
_FEWEST_TEXTS = 50
#: Words are looked up in as many bits: of the words of a half one of 42 others shares a bit, at most.
_BITS = 1 << 21


def learn_vocabulary(rows: duckdb.DuckDBPyRelation, column: str) -> Mapping[str, Any]:
    """The frequent words of each half of the texts; empty if there are too few texts."""
    text = identifier(column)
    number = max(1, int(asked(rows, f"SELECT count({text}) FROM log").fetchall()[0][0]))
    drawn = (
        f"SELECT {_half(text)} AS half, list_distinct({words(text)}) AS words FROM log "
        f"WHERE {text} IS NOT NULL AND {number_of(text)} // 2 % {-(-number // _TEXTS)} = 0"
    )
    counted = (
        f"WITH drawn AS MATERIALIZED ({drawn}) SELECT half, word, n, texts FROM ("
        "SELECT half, word, count(*) AS n FROM (SELECT half, unnest(words) AS word FROM drawn) GROUP BY ALL "
        f"HAVING count(*) >= {_FEWEST}) JOIN (SELECT half, count(*) AS texts FROM drawn GROUP BY half) "
        f"USING (half) QUALIFY row_number() OVER (PARTITION BY half ORDER BY n DESC, word) <= {_WORDS}"
    )
    halves: list[list[str]] = [[], []]
    fewest = [0, 0]
    for half, word, _, texts in asked(rows, counted).fetchall():
        halves[half].append(word)
        fewest[half] = texts
    if min(fewest) < _FEWEST_TEXTS:
        return {}
    return {"words": [sorted(each) for each in halves]}


def unknown_share(learned: Mapping[str, Any]) -> str:
    """SQL for the share of a text's words that the other half of the baseline's texts does not have.

    In it `{0}` stands for the text, and `{1}` for its words.
    """
    shares = [_share("{1}", _bits(each)) for each in learned["words"]]
    return f"CASE {_half('{0}')} WHEN 0 THEN {shares[1]} WHEN 1 THEN {shares[0]} END"


def _half(text: str) -> str:
    return f"CAST({number_of(text)} % 2 AS INTEGER)"


def _share(found: str, bits: str) -> str:
    looked_up = f"get_bit({bits}, CAST(hash(word) % {_BITS} AS INTEGER)) = 0"
    return f"len(list_filter({found}, lambda word: {looked_up})) / nullif(len({found}), 0)"


def _bits(known: Sequence[str]) -> str:
    """SQL for a string of bits, of which those of known words are set.

    The database's own hash tells which: it need not be the same with the next version of it.
    """
    import duckdb

    with duckdb.connect() as connection:
        hashes = connection.execute(
            f"SELECT hash(word) % {_BITS} AS place FROM (SELECT unnest(?::VARCHAR[]) AS word)", [list(known)]
        ).fetchnumpy()["place"]
    bits = np.zeros(_BITS, np.bool_)
    bits[np.asarray(hashes, np.int64)] = True
    return f"CAST(unhex('{np.packbits(bits).tobytes().hex()}') AS BIT)"
