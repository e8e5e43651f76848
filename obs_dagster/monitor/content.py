"""Columns that a table cannot count as they are, as texts: what reading a monitor file must know of them.

Such a column is declared as a feature. In its place the monitor has *descriptors*, features that ingestion
makes of it, or that follow from it and what the baseline was like. A content type is found by its place,
`obs_dagster/content/<name>/content.py`, or by an entry point of a third party; what else it can do says
`obs_dagster.content.protocol`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from obs_dagster.kinds import Kinds, Place
from obs_dagster.monitor.contract import Feature, FeatureType

PLAIN_TYPES = ("integer", "number", "category", "boolean")
"""The types of features that are profiled as they are."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One thing that is told of the values of a content column.

    Attributes:
        name: what the feature's name ends with, after that of the column and `_`.
        type: what its values are: one of `PLAIN_TYPES`.
        about: what it means, as a sentence.
        sql: an expression of DuckDB's SQL that ingestion makes it by; `{0}` stands for the value of the
            column, `{1}` for the version, `{2}` and so on for what `stages` of the content type has made.
            Empty if it is learned from the baseline.
        quotes: whether it quotes what the column has, and so is left out where that is personal.
    """

    name: str
    type: FeatureType
    about: str
    sql: str = ""
    quotes: bool = False

    @property
    def learned(self) -> bool:
        """Whether it follows from what the baseline was like, too."""
        return not self.sql


class ContentType(Protocol):
    """A kind of content.

    Attributes:
        name: the type of such features in a monitor file.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def descriptors(self, feature: Feature) -> Sequence[Descriptor]:
        """What is told of a column, in order."""

    def misfits(self, feature: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """What a feature of the file has or lacks that does not go with the type: its key, and a sentence."""


CONTENT: Kinds[ContentType] = Kinds(
    "content type", "obs_dagster.content", [Place("obs_dagster.content", "CONTENT", "content")]
)


@dataclass(frozen=True, slots=True)
class Declared:
    """The features of a monitor file, parted.

    Attributes:
        features: those that are counted: the plain ones, and descriptors in the place of content columns.
        content: the content columns.
        described: the column and descriptor of each feature that describes content.
        inputs: what the model reads: plain features and content columns, in the order of the file.
    """

    features: Mapping[str, Feature]
    content: Mapping[str, Feature] = field(default_factory=dict)
    described: Mapping[str, tuple[str, Descriptor]] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()


def parted(features: Mapping[str, Feature]) -> Declared:
    """The features of a monitor file, parted; what the file says of a descriptor is its contract."""
    content = {name: each for name, each in features.items() if each.type not in PLAIN_TYPES}
    if not content:
        return Declared(features, inputs=tuple(features))
    described = {
        named(name, each.name): (name, each)
        for name, feature in content.items()
        for each in descriptors(feature)
    }
    found: dict[str, Feature] = {}
    for name, feature in features.items():
        if name not in content:
            found[name] = feature
            continue
        for each in descriptors(feature):
            made = named(name, each.name)
            found[made] = features.get(made) or Feature(type=each.type, description=each.about)
    # what an encoder makes of another column the model has not read
    inputs = tuple(name for name, each in features.items() if name not in described and each.encoder is None)
    return Declared(found, content, described, inputs)


def descriptors(feature: Feature) -> list[Descriptor]:
    """What is told of a content column: nothing that quotes it where it is personal."""
    found = CONTENT.named(feature.type).descriptors(feature)
    return [each for each in found if not (feature.pii and each.quotes)]


def named(column: str, descriptor: str) -> str:
    """The name of the feature that a descriptor of a column is.

    >>> named("comment", "words")
    'comment_words'
    """
    return f"{column}_{descriptor}"
