"""Rows with their place in the ranking of their request, as Narwhals expressions over a lazy frame."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import narwhals as nw

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.ranking import Ranking

#: The columns that are added. Names start as reserved ones do, so no column of a log has them.
REQUEST, ITEM, ORDERED, PLACED = "_obs_request", "_obs_item", "_obs_ordered", "_obs_placed"
LABELLED, GAIN, RELEVANT = "_obs_labelled", "_obs_gain", "_obs_relevant"
#: The number of rows down to a row in one order of its request; ties have any order.
TURN = "_obs_turn"
#: The gain of that place: of tied rows the mean, as each of their orders is as likely.
SHARED = "_obs_shared"
#: The place that a row can count on: tied rows share the last of their places.
PLACE = "_obs_place"
#: The relevant rows down to that place.
FOUND = "_obs_found"
#: The place of a row in the best possible order.
IDEAL = "_obs_ideal"
_LN_2 = math.log(2)
_FALLING, _FALLING_GAIN, _RUNNING = "_obs_falling", "_obs_falling_gain", "_obs_running"


def with_facts(rows: nw.LazyFrame[Any], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Add request and item as text, the order of the rows, and what their labels mean.

    `ORDERED` says whether a row belongs to a ranking: it has a request, and a score or position to order by.
    `PLACED` says whether it has a place in the one that is judged: without a label it has none, if the
    monitor says so.
    """
    roles, ranking = monitor.logs.columns, monitor.ranking
    known = set(rows.collect_schema().names())
    falling = _falling(monitor, known)
    label = nw.col(LABEL).cast(nw.Float64)
    labelled = ~label.is_null()
    named = rows.with_columns(
        **{
            REQUEST: _text(roles.request, known),
            ITEM: _text(roles.item, known),
            _FALLING: falling,
            LABELLED: nw.when(labelled).then(1).otherwise(0),
            # grades below 0 have no meaning in NDCG; scikit-learn refuses them
            GAIN: nw.when(label > 0).then(_gain(label, ranking)).otherwise(0.0),
            RELEVANT: nw.when(label >= ranking.relevant_from).then(1).otherwise(0),
        }
    )
    ordered = ~nw.col(REQUEST).is_null() & ~nw.col(_FALLING).is_null()
    judged = nw.col(LABELLED) == 1 if ranking.unlabelled == "left_out" else nw.lit(value=True)
    return named.with_columns(**{ORDERED: ordered, PLACED: ordered & judged})


def with_turns(rows: nw.LazyFrame[Any], within: Sequence[str], *, served: bool) -> nw.LazyFrame[Any]:
    """Add `TURN` alone. Items of one score come by name: what was shown above a cut-off needs one order."""
    turn = nw.col(_FALLING).cum_count().over(*within, order_by=[_FALLING, ITEM])
    return rows.with_columns(**{TURN: nw.col(_FALLING) if served else turn})


def with_places(rows: nw.LazyFrame[Any], within: Sequence[str], *, served: bool) -> nw.LazyFrame[Any]:
    """Add the places of rows in their request.

    Args:
        rows: have the columns of `with_facts`.
        within: the columns whose values make a request.
        served: whether the log has the position that a row was served on. It stands, also where there are
            gaps; without it the rows of a request are ordered by their score.
    """
    tied = [*within, _FALLING]
    turned = rows.with_columns(**{_FALLING_GAIN: -nw.col(GAIN)}).with_columns(
        **{
            TURN: nw.col(_FALLING).cum_count().over(*within, order_by=[_FALLING]),
            _RUNNING: nw.col(RELEVANT).cum_sum().over(*within, order_by=[_FALLING]),
            IDEAL: nw.col(_FALLING_GAIN).cum_count().over(*within, order_by=[_FALLING_GAIN]),
        }
    )
    found = nw.col(_RUNNING).max().over(*tied)
    if served:
        position = nw.col(_FALLING)
        return turned.with_columns(**{TURN: position, PLACE: position, SHARED: nw.col(GAIN), FOUND: found})
    last, mean = nw.col(TURN).max().over(*tied), nw.col(GAIN).mean().over(*tied)
    return turned.with_columns(**{PLACE: last, SHARED: mean, FOUND: found})


def _falling(monitor: Monitor, known: set[str]) -> nw.Expr:
    """What rows are ordered by, the lowest first: the served position from 1, or the negative score."""
    roles = monitor.logs.columns
    column = roles.rank or roles.score
    if column not in known:
        return nw.lit(None).cast(nw.Float64)
    number = nw.col(column).cast(nw.Float64)
    if roles.rank:
        position = number - (monitor.ranking.first_position - 1)
        return nw.when(position.is_finite() & (position >= 1)).then(position)
    return nw.when(~number.is_nan()).then(-number)


def _gain(label: nw.Expr, ranking: Ranking) -> nw.Expr:
    return label if ranking.gain == "linear" else (label * _LN_2).exp() - 1.0


def _text(column: str | None, known: set[str]) -> nw.Expr:
    return nw.col(column).cast(nw.String) if column in known else nw.lit(None).cast(nw.String)
