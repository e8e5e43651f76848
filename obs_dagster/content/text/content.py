"""`type: text`: what people and programs write, in any language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.content.protocol import Function, Told
from obs_dagster.content.text.language import LANGUAGE
from obs_dagster.content.text.patterns import personal_data
from obs_dagster.content.text.vocabulary import learn_vocabulary, unknown_share
from obs_dagster.content.text.words import number_of, words
from obs_dagster.monitor.content import Descriptor
from obs_dagster.monitor.contract import Feature

if TYPE_CHECKING:
    import duckdb

#: Words of a shingle, and minima of a band: texts of which nine of ten shingles are shared meet in one of the
#: two bands in 93 of 100 cases, and such that share three of ten in 5.
_BANDS = ((1, 2, 3), (4, 5, 6))
#: Letters that a word has at least to be drawn, if a text has such, and of which so many are kept.
_DRAWN, _LONGEST = 4, 40


class Text:
    """Texts."""

    name = "text"

    def sql_type(self, feature: Feature) -> str:
        """Texts are kept as they are."""
        del feature
        return "VARCHAR"

    def descriptors(self, feature: Feature) -> Sequence[Descriptor]:
        """Length, alphabet, language, personal data, repetitions, and words."""
        del feature
        return _DESCRIPTORS

    def misfits(self, feature: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Nothing is special to texts."""
        del feature
        yield from ()

    def stages(self, feature: Feature, folder: str) -> Sequence[str]:
        """The words, hashes of runs of three of them, and the bands that these give."""
        del feature, folder
        shingle = "hash({2}[place], {2}[place + 1], {2}[place + 2])"
        shingles = f"list_transform(range(1, greatest(len({{2}}) - 1, 2)), lambda place: {shingle})"
        bands = (", ".join(map(_least, seeds)) for seeds in _BANDS)
        return (words("{0}"), shingles, *(f"hash({band})" for band in bands))

    def fault(self, feature: Feature) -> str:
        """Texts of nothing, or of spaces alone."""
        missing = "" if feature.nullable else "WHEN {0} IS NULL THEN 'missing' "
        return f"CASE {missing}WHEN trim({{0}}, ' \t\n\r') = '' THEN 'empty' END"

    def faults(self, name: str, feature: Feature) -> Mapping[str, str]:
        """What may be wrong with a text."""
        missing = {} if feature.nullable else {"missing": f"{name} is missing"}
        return missing | {"empty": f"{name} is empty"}

    def functions(self, feature: Feature) -> Sequence[Function]:
        """The language is found out by a library."""
        del feature
        return (LANGUAGE,)

    def learn(self, rows: duckdb.DuckDBPyRelation, column: str, feature: Feature) -> Mapping[str, Any]:
        """The baseline's vocabulary; of personal texts no word is kept."""
        return {} if feature.pii else learn_vocabulary(rows, column)

    def calls(self) -> Sequence[Function]:
        """Words are looked up by the database itself."""
        return ()

    def told(self, learned: Mapping[str, Any], feature: Feature) -> Told:
        """The share of words that are not in it."""
        del feature
        return Told((words("{0}"),), {"unknown_share": unknown_share(learned)})


def _least(seed: int) -> str:
    """SQL for the least of the hashes of a text's shingles (MinHash, Broder 1997)."""
    return f"list_min(list_transform({{3}}, lambda each: hash(each, {seed})))"


def _left(kept: str) -> str:
    """SQL for how many characters a text has that are not of a class, which is taken out."""
    return f"length(regexp_replace({{0}}, '{kept}', '', 'g'))"


_LENGTH = "nullif(length({0}), 0)"
_SPECIAL, _DIGITS = _left(r"[\pL\pM\pN\s]"), _left(r"[^\pN]")
_CAPITALS, _LETTERS = _left(r"[^\p{Lu}]"), _left(r"[^\pL]")
_LONG = f"list_filter({{2}}, lambda word: length(word) >= {_DRAWN})"
_REPEATED = " OR ".join(f"count(*) OVER (PARTITION BY {{1}}, {{{place}}}) > 1" for place in (4, 5))


def _drawn(words_of: str) -> str:
    """SQL for one of a list of words, by a hash of the text."""
    return f"({words_of})[1 + CAST({number_of('{0}')} // 2 % len({words_of}) AS INTEGER)]"


_DESCRIPTORS = (
    Descriptor("characters", "integer", "How many characters it has.", "length({0})"),
    Descriptor("words", "integer", "How many words it has.", "len({2})"),
    Descriptor(
        "special_share",
        "number",
        "Which share of its characters are no letters, digits or spaces.",
        f"{_SPECIAL} / {_LENGTH}",
    ),
    Descriptor(
        "digit_share", "number", "Which share of its characters are digits.", f"{_DIGITS} / {_LENGTH}"
    ),
    Descriptor(
        "upper_share",
        "number",
        "Which share of its letters are capital ones.",
        f"{_CAPITALS} / nullif({_LETTERS}, 0)",
    ),
    Descriptor("language", "category", "In which language it is (ISO 639-1).", f"{LANGUAGE.name}({{0}})"),
    Descriptor(
        "personal",
        "category",
        "What personal data it seems to have: `email`, `card`, `phone`, `several` or `none`.",
        personal_data("{0}"),
    ),
    Descriptor(
        "repeated",
        "boolean",
        "Whether another text of the version in the day's files is the same, or nearly so.",
        f"CASE WHEN {{0}} IS NOT NULL THEN {_REPEATED} END",
    ),
    Descriptor(
        "word",
        "category",
        "One of its words, drawn by a hash of the text: which words come and go.",
        f"left(CASE WHEN len({_LONG}) > 0 THEN {_drawn(_LONG)} WHEN len({{2}}) > 0 THEN {_drawn('{2}')} END, "
        f"{_LONGEST})",
        quotes=True,
    ),
    Descriptor(
        "unknown_share",
        "number",
        "Which share of its words the baseline's other texts do not have.",
        quotes=True,
    ),
)

CONTENT = Text()
