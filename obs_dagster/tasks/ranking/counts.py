"""What is known of the rankings of one cell, as the metrics take it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obs_dagster.profile.distribution import IntArray


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of one cell.

    Attributes:
        all: every request.
        evaluated: those with a label.
        relevant: those of them with a relevant item.
        ordered: those of the evaluated ones with two rows or more.
    """

    all: int
    evaluated: int
    relevant: int
    ordered: int


@dataclass(frozen=True, slots=True)
class Values:
    """A number per request, each in [0, 1].

    Attributes:
        n: requests that have one.
        total, total_sq: sums of the numbers and of their squares.
        reason: why there is none, where n is 0.
    """

    n: int
    total: float
    total_sq: float
    reason: str


@dataclass(frozen=True, slots=True)
class Items:
    """The items of a catalogue, or a sample of them; all arrays have shape (items,).

    Attributes:
        rows: how often each was ranked.
        relevant: how often it was relevant.
        shown: how often it was above the cut-off.
        both: how often it was relevant there.
        level: one in 2^level items is in the sample; 0 where all are.
    """

    rows: IntArray
    relevant: IntArray
    shown: IntArray
    both: IntArray
    level: int


@dataclass(frozen=True, slots=True)
class Cutoff:
    """The rankings of one cell down to the place k.

    Attributes:
        k: the cut-off.
        requests: the requests.
        ndcg, average_precision, hit, precision, recall: their values.
        items: the items; None in segment cells.
        predictions: rows that were ranked, labelled or not.
    """

    k: int
    requests: Requests
    ndcg: Values
    average_precision: Values
    hit: Values
    precision: Values
    recall: Values
    items: Items | None
    predictions: int


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The rows of evaluated requests on one place of their rankings.

    Attributes:
        place: 1 is the top.
        rows: how many there are.
        relevant: how many of them are relevant.
    """

    place: int
    rows: int
    relevant: int


@dataclass(frozen=True, slots=True)
class Rankings:
    """The rankings of one cell.

    Attributes:
        n: rows with a label.
        predictions: rows that were ranked, labelled or not.
        requests: the requests.
        reciprocal_rank: one over the place of the first relevant item.
        leading: the rankings down to the first cut-off of the monitor.
        places: the rows on each place, from the top; none in segment cells.
    """

    n: int
    predictions: int
    requests: Requests
    reciprocal_rank: Values
    leading: Cutoff
    places: Sequence[Place]
