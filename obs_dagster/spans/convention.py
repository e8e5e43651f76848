"""A convention of attributes: under which names spans say what they are, and what they took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from obs_dagster.kinds import Kinds, Place


class Attribute(NamedTuple):
    """Where a span says something.

    Attributes:
        name: the attribute.
        field: of an attribute that is an object in JSON, the field; empty for the attribute itself.
    """

    name: str
    field: str = ""


class ScoredEvent(NamedTuple):
    """An event of a span that says how something was evaluated.

    Attributes:
        event: what it is called.
        name, score, label: the attributes of the event that say what was judged, and how.
    """

    event: str
    name: str
    score: str
    label: str


@dataclass(frozen=True, slots=True)
class Convention:
    """What a convention calls things; of several attributes for one thing the first that a span has counts.

    Attributes:
        name: what the convention is called.
        kind: where a span says what it is.
        kinds: by what it says there, in lower case, the kind of component; what is not here is none.
        called: where a span says the name of a component beside its own, such as that of a model or a tool.
        model: the model, which prices are by.
        version: the version of the monitored model that answered the request.
        input, output, cached: tokens that were given, were put out, and were given and cached.
        cost: what the span cost.
        retries: how often it was tried again.
        scored: lists of evaluations with `name`, `score` and `label`, and the field of each that has these:
            `("evaluations", "evaluation")` stands for `evaluations.0.evaluation.name`. What begins with
            `trace.` is about the request as a whole.
        scored_event: the event that is an evaluation.
    """

    name: str
    kind: tuple[Attribute, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    called: tuple[Attribute, ...] = ()
    model: tuple[Attribute, ...] = ()
    version: tuple[Attribute, ...] = ()
    input: tuple[Attribute, ...] = ()
    output: tuple[Attribute, ...] = ()
    cached: tuple[Attribute, ...] = ()
    cost: tuple[Attribute, ...] = ()
    retries: tuple[Attribute, ...] = ()
    scored: tuple[tuple[str, str], ...] = ()
    scored_event: ScoredEvent | None = None


NUMBERS = ("input", "output", "cached", "cost", "retries")
"""The things that are numbers."""

CONVENTIONS: Kinds[Convention] = Kinds(
    "convention of spans",
    "obs_dagster.span_conventions",
    [Place("obs_dagster.spans.conventions", "CONVENTION")],
)


def attributes_of(conventions: Sequence[Convention]) -> list[str]:
    """The names of all attributes that conventions know, each once."""
    return list(
        dict.fromkeys(
            each.name
            for convention in conventions
            for thing in ("kind", "called", "model", "version", *NUMBERS)
            for each in getattr(convention, thing)
        )
    )
