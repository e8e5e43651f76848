"""Rows to outcomes of classes, for rows that any engine holds: Narwhals expressions over a lazy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.multiclass import OTHER_CLASS
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.columns import prediction_column
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.score_grid import ScoreGrid
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.multiclass.scores import classes_of, score_columns, slack
from obs_dagster.tasks.multiclass.table import (
    ADDED,
    BINNED,
    CELL_GRID,
    KEYS,
    PLACES,
    SCHEMA,
    SUMS,
    TENTHS,
    TINY,
    WHOLE_GRID,
)

if TYPE_CHECKING:
    from narwhals.typing import IntoDType

#: What stands for a class in expressions: its place, from 1 on, and this for all that are not declared.
_OTHER_CODE = 0
_CODES = ("label", "class")
_KEYS = KEYS[2:]


def reduce_outcome_frame(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted.

    Args:
        rows: rows of the log with the label as text in `_obs_label`, null where it is not known, and the
            score of each class in a column of its own. Scores that break the contract count as none.
        monitor: names the classes, the columns and the segments.
        grids: the categories that have a segment cell of their own.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(rows.collect_schema().names())
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    tables = [schema.empty_table()]
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [*by, VERSION, *(cell_key(column) for column in finest)]
        counted = _counted(keyed, keys, monitor).collect("pyarrow").to_native()
        counted = _named(named_version(counted), classes_of(monitor))
        for grid, wanted in (
            (WHOLE_GRID, [cut for cut in cuts if not cut]),
            (CELL_GRID, [cut for cut in cuts if cut]),
        ):
            tables += rolled_up(_on(grid, counted), wanted, [*by, "version", *_KEYS], ADDED)
    whole = [table.select(schema.names).cast(schema) for table in tables]
    return merge_rows(pa.concat_tables(whole), [*by, *KEYS], ADDED)


def _named(counted: pa.Table, classes: Sequence[str]) -> pa.Table:
    """The counts with the names of the classes in place of their codes."""
    names = pa.array([OTHER_CLASS, *classes])
    for column in _CODES:
        place = counted.schema.get_field_index(column)
        counted = counted.set_column(place, column, names.take(counted[column].combine_chunks()))
    return counted


def _on(grid: ScoreGrid, counted: pa.Table) -> pa.Table:
    """The counts with the finest bins of the scores joined to those of a grid."""
    joined = pc.shift_right(counted["bin"], grid.bits)
    of_scores = pc.is_in(counted["part"], pa.array(BINNED))
    bins = pc.if_else(of_scores, joined, counted["bin"])
    return counted.set_column(counted.schema.get_field_index("bin"), "bin", bins)


def _counted(keyed: nw.LazyFrame[Any], keys: list[str], monitor: Monitor) -> nw.LazyFrame[Any]:
    """All parts of the outcomes by some keys, with classes as codes and scores on the finest grid."""
    columns = list(score_columns(monitor).values())
    prepared = _prepared(keyed, keys, monitor)
    parts = [_pair_counts(prepared, keys)]
    if set(columns) <= set(keyed.collect_schema().names()) and columns:
        places = [f"_obs_score_{place}" for place in range(1, len(columns) + 1)]
        scored = _scored(prepared, keys, places)
        parts += [_top_counts(scored, keys), _score_counts(scored, keys, places)]
        parts.append(_served_counts(prepared, keys, places))
    return nw.concat(parts, how="vertical")


def _prepared(keyed: nw.LazyFrame[Any], keys: list[str], monitor: Monitor) -> nw.LazyFrame[Any]:
    """Keys, the codes of label and prediction, and the scores, null where they break the contract."""
    classes, columns = classes_of(monitor), list(score_columns(monitor).values())
    present = set(keyed.collect_schema().names())
    # a log that lost a column of scores is treated as one that has none
    scores = [nw.col(name).cast(nw.Float64) for name in columns] if present.issuperset(columns) else []
    served = prediction_column(monitor)
    label = _code(nw.col(LABEL).cast(nw.String), classes)
    given = (
        _code(nw.col(served).cast(nw.String), classes) if served in present else nw.lit(None).cast(nw.Int64)
    )
    if not scores:
        return keyed.select(*keys, **{"label": label, "class": given})
    named = {f"_obs_score_{place}": score for place, score in enumerate(scores, 1)}
    usable = nw.all_horizontal(
        *((score.is_finite() & (score >= 0.0) & (score <= 1.0)).fill_null(value=False) for score in scores),
        ignore_nulls=False,
    )
    raw = keyed.select(
        *keys, **{"label": label, "given": given, **named}, total=nw.sum_horizontal(*scores), usable=usable
    )
    sound = nw.col("usable") & ((nw.col("total") - 1.0).abs() <= slack(monitor))
    kept = raw.select(
        *keys, "label", "given", **{name: nw.when(sound).then(nw.col(name)) for name in named}
    ).with_columns(top=nw.max_horizontal(*named))
    # the first class of those that share the highest score, as numpy.argmax has it
    first = nw.min_horizontal(
        *(nw.when(nw.col(name) == nw.col("top")).then(nw.lit(place)) for place, name in enumerate(named, 1))
    ).cast(nw.Int64)
    return kept.with_columns(first=first).select(
        *keys,
        "label",
        "top",
        "first",
        *named,
        **{"class": nw.when(nw.col("given").is_null()).then(nw.col("first")).otherwise(nw.col("given"))},
    )


def _code(text: nw.Expr, classes: Sequence[str]) -> nw.Expr:
    """The code of the class that a text names; null where there is none."""
    code = nw.sum_horizontal(
        *(
            nw.when(text == name).then(nw.lit(place)).otherwise(nw.lit(_OTHER_CODE))
            for place, name in enumerate(classes, 1)
        )
    )
    return nw.when(~text.is_null()).then(code).cast(nw.Int64)


def _scored(prepared: nw.LazyFrame[Any], keys: list[str], scores: Sequence[str]) -> nw.LazyFrame[Any]:
    """Labelled rows with scores, with the label's own score and its place; `(other)` has the score 0."""
    label, own = nw.col("label"), nw.col("own")
    placed = nw.sum_horizontal(
        *(nw.when(label == place).then(nw.col(name)).otherwise(0.0) for place, name in enumerate(scores, 1))
    )
    before = nw.sum_horizontal(
        *(
            nw.when((nw.col(name) > own) | ((nw.col(name) == own) & (label < place)))
            .then(nw.lit(1))
            .otherwise(nw.lit(0))
            for place, name in enumerate(scores, 1)
        )
    )
    declared = label != _OTHER_CODE
    place = nw.when(declared & (before < PLACES)).then(before + 1).otherwise(nw.lit(PLACES))
    return (
        prepared.filter(~label.is_null() & ~nw.col("top").is_null())
        .with_columns(own=placed, squares=nw.sum_horizontal(*(nw.col(name) ** 2 for name in scores)))
        .select(
            *keys,
            "label",
            "top",
            "own",
            "squares",
            *scores,
            hit=nw.col("first") == label,
            place=place.cast(nw.Int64),
        )
    )


def _pair_counts(prepared: nw.LazyFrame[Any], keys: list[str]) -> nw.LazyFrame[Any]:
    counted = prepared.group_by(*keys, "label", "class").agg(n=nw.len())
    return _full(counted, keys, "pair")


def _top_counts(scored: nw.LazyFrame[Any], keys: list[str]) -> nw.LazyFrame[Any]:
    own, top = nw.col("own"), nw.col("top")
    certain = nw.when(own < TINY).then(TINY).when(own > 1.0 - TINY).then(1.0 - TINY).otherwise(own)
    tenth = (top * float(TENTHS)).floor()
    losses = scored.select(
        *keys,
        "hit",
        "place",
        "top",
        bin=nw.when(tenth > TENTHS - 1.0).then(TENTHS - 1.0).otherwise(tenth).cast(nw.Int64),
        log_loss=-certain.log(),
        brier=nw.col("squares") - 2.0 * own + 1.0,
    )
    counted = (
        losses.with_columns(
            log_loss_sq=nw.col("log_loss") * nw.col("log_loss"), brier_sq=nw.col("brier") * nw.col("brier")
        )
        .group_by(*keys, "bin", "place", "hit")
        .agg(
            n=nw.len(),
            score_sum=nw.col("top").sum(),
            log_loss_sum=nw.col("log_loss").sum(),
            log_loss_sq=nw.col("log_loss_sq").sum(),
            brier_sum=nw.col("brier").sum(),
            brier_sq=nw.col("brier_sq").sum(),
        )
    )
    return _full(counted, keys, "top")


def _score_counts(scored: nw.LazyFrame[Any], keys: list[str], scores: Sequence[str]) -> nw.LazyFrame[Any]:
    counted = (
        _by_class(scored, [*keys, "label"], scores)
        .select(
            *keys,
            "of",
            "score",
            hit=nw.col("of") == nw.col("label"),
            bin=ScoreGrid().bin(nw.col("score")),
        )
        .group_by(*keys, "of", "bin", "hit")
        .agg(n=nw.len(), score_min=nw.col("score").min(), score_max=nw.col("score").max())
    )
    return _full(counted.rename({"of": "class"}), keys, "score")


def _served_counts(prepared: nw.LazyFrame[Any], keys: list[str], scores: Sequence[str]) -> nw.LazyFrame[Any]:
    """All rows with scores by whether each class was predicted, and whether the label is known."""
    rows = prepared.filter(~nw.col("top").is_null()).with_columns(
        place=nw.when(nw.col("label").is_null()).then(nw.lit(0)).otherwise(nw.lit(1)).cast(nw.Int64)
    )
    counted = (
        _by_class(rows, [*keys, "place", "class"], scores)
        .select(
            *keys,
            "of",
            "place",
            hit=nw.col("of") == nw.col("class"),
            bin=ScoreGrid().bin(nw.col("score")),
        )
        .group_by(*keys, "of", "bin", "place", "hit")
        .agg(n=nw.len())
    )
    return _full(counted.rename({"of": "class"}), keys, "served")


def _by_class(rows: nw.LazyFrame[Any], index: list[str], scores: Sequence[str]) -> nw.LazyFrame[Any]:
    """A row for each class of each row, with the class's code (`of`) and its `score`."""
    long = rows.select(*index, *scores).unpivot(
        on=list(scores), index=index, variable_name="name", value_name="score"
    )
    owner = nw.sum_horizontal(
        *(
            # Ibis reads names that PostgreSQL unpivots as JSON, in quotes
            nw.when(nw.col("name").is_in([name, f'"{name}"'])).then(nw.lit(place)).otherwise(nw.lit(0))
            for place, name in enumerate(scores, 1)
        )
    )
    return long.with_columns(of=owner.cast(nw.Int64))


_TYPES: Mapping[str, IntoDType] = {
    "part": nw.String,
    "label": nw.Int64,
    "class": nw.Int64,
    "bin": nw.Int64,
    "place": nw.Int64,
    "hit": nw.Boolean,
    "n": nw.Int64,
    **dict.fromkeys([*SUMS, "score_min", "score_max"], nw.Float64),
}


def _full(counted: nw.LazyFrame[Any], keys: list[str], part: str) -> nw.LazyFrame[Any]:
    """Counts with all columns that any part has, null where this one has none."""
    present = set(counted.collect_schema().names())
    columns = {
        name: nw.lit(part) if name == "part" else nw.col(name) if name in present else nw.lit(None)
        for name in _TYPES
    }
    return counted.select(*keys, **{name: column.cast(_TYPES[name]) for name, column in columns.items()})
