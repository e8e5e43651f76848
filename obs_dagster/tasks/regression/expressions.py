"""Outcomes of rows that any engine holds: Narwhals expressions over a lazy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.lake.columns import LABEL
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import leading_output
from obs_dagster.profile.cells import VERSION, cell_key, named_version, reductions, rolled_up, with_cell_keys
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.grids.resolution import JOINED_BITS
from obs_dagster.profile.profile import merge_rows
from obs_dagster.tasks.regression.table import ADDED, BINNED, KEYS, SCHEMA, level_key
from obs_dagster.tasks.regression.units import FARTHEST, NOTHING, Units

_PAIR, _WAITING = nw.col("pair"), nw.col("waiting")
_D, _G, _E = nw.col("target"), nw.col("prediction"), nw.col("error")
_SIZE, _RELATIVE, _SYMMETRIC = nw.col("size"), nw.col("relative"), nw.col("symmetric")
#: Of the pairs of a cell; nulls are left out of sums.
_CELL_SUMS = {
    # not every database makes numbers of truth values
    "pairs": nw.when(_PAIR).then(nw.lit(1)).otherwise(nw.lit(0)).sum(),
    "prediction_sum": _G.sum(),
    "prediction_sq": (_G * _G).sum(),
    "target_sum": _D.sum(),
    "target_sq": (_D * _D).sum(),
    "target_cube": (_D * _D * _D).sum(),
    "target_quart": (_D * _D * _D * _D).sum(),
    "error_sum": _E.sum(),
    "error_sq": (_E * _E).sum(),
    "error_quart": (_E * _E * _E * _E).sum(),
    "error_sq_target": (_E * _E * _D).sum(),
    "error_sq_target_sq": (_E * _E * _D * _D).sum(),
    "absolute_sum": _E.abs().sum(),
    "size_sum": _SIZE.sum(),
    "size_sq": (_SIZE * _SIZE).sum(),
    "absolute_size": (_E.abs() * _SIZE).sum(),
    "nonzero": _RELATIVE.count(),
    "relative_sum": _RELATIVE.sum(),
    "relative_sq": (_RELATIVE * _RELATIVE).sum(),
    "symmetric_sum": _SYMMETRIC.sum(),
    "symmetric_sq": (_SYMMETRIC * _SYMMETRIC).sum(),
    "target_min": nw.col("raw_target").min(),
    "target_max": nw.col("raw_target").max(),
}
_BY_PREDICTION = {
    "prediction_sum": _G.sum(),
    "error_sum": _E.sum(),
    "error_sq": (_E * _E).sum(),
    "error_quart": (_E * _E * _E * _E).sum(),
    "absolute_sum": _E.abs().sum(),
    "nonzero": _RELATIVE.count(),
    "relative_sum": _RELATIVE.sum(),
    "relative_sq": (_RELATIVE * _RELATIVE).sum(),
    "symmetric_sum": _SYMMETRIC.sum(),
    "symmetric_sq": (_SYMMETRIC * _SYMMETRIC).sum(),
    "prediction_min": nw.col("raw_prediction").min(),
    "prediction_max": nw.col("raw_prediction").max(),
}
_BY_WAITING = {"prediction_min": nw.col("unpaired").min(), "prediction_max": nw.col("unpaired").max()}
_BY_ERROR = {"error_min": nw.col("raw_error").min(), "error_max": nw.col("raw_error").max()}
_WIDTH = nw.col("width")
_BETWEEN = {
    "between": _WIDTH.count(),
    "covered": nw.col("covered").sum(),
    "width_sum": _WIDTH.sum(),
    "width_sq": (_WIDTH * _WIDTH).sum(),
}
_OF_QUANTILE = ("pairs", "below", "pinball_sum", "pinball_sq")


def reduce_outcome_frame(
    rows: nw.LazyFrame[Any], monitor: Monitor, grids: Grids, by: Sequence[str]
) -> pa.Table:
    """The outcomes of `SCHEMA` with the text columns `by` before them, sorted.

    Args:
        rows: rows of the log with the label as a number in `_obs_label`, null where it is not known.
        monitor: names the columns of the prediction, of the interval and of quantiles, and the segments.
        grids: what predictions are counted on, and the categories that have a segment cell of their own.
        by: text columns whose values are kept apart, as the day.
    """
    present = set(rows.collect_schema().names())
    schema = pa.schema([*((name, pa.string()) for name in by), *SCHEMA])
    tables = [schema.empty_table()]
    units = Units.of(grids, leading_output(monitor).column)
    levels = {level: name for level, name in monitor.logs.columns.quantiles.items() if name in present}
    for finest, cuts in reductions([cut for cut in monitor.cuts if present.issuperset(cut)]).items():
        keyed = with_cell_keys(rows, monitor, finest, grids)
        keys = [*by, VERSION, *(cell_key(column) for column in finest)]
        pairs = _pairs(keyed, keys, monitor, units, levels)
        counted = named_version(_counted(pairs, keys, levels).collect("pyarrow").to_native())
        named = [name for name in counted.column_names if name in (*by, "version", *keys)]
        whole = _by_level(counted, named, levels, units)
        joined = _joined(whole)
        for counts, wanted in (
            (whole, [cut for cut in cuts if not cut]),
            (joined, [cut for cut in cuts if cut]),
        ):
            tables += rolled_up(counts, wanted, [*by, "version", "kind", "key"], ADDED)
    parts = [table.select(schema.names).cast(schema) for table in tables]
    return merge_rows(pa.concat_tables(parts), [*by, *KEYS], ADDED)


def _pairs(
    keyed: nw.LazyFrame[Any], keys: list[str], monitor: Monitor, units: Units, levels: Mapping[float, str]
) -> nw.LazyFrame[Any]:
    """Rows with what is summed of them; null where prediction or label is no finite number."""
    centre, scale = units.centre, units.scale
    names = set(keyed.collect_schema().names())
    ends = monitor.logs.columns.interval if names.issuperset(monitor.logs.columns.interval or ("",)) else None
    low, high = ends or (None, None)
    numbers = {
        "raw_prediction": _number(leading_output(monitor).column, names),
        "raw_target": _number(LABEL, names),
        "low": _number(low, names),
        "high": _number(high, names),
    } | {f"quantile_{level_key(level)}": _number(name, names) for level, name in levels.items()}
    bound = FARTHEST * scale
    put_out = _near(nw.col("raw_prediction"), centre, bound)
    usable = put_out & _near(nw.col("raw_target"), centre, bound)
    prediction, target = nw.col("raw_prediction"), nw.col("raw_target")
    interval = _near(nw.col("low"), centre, bound) & _near(nw.col("high"), centre, bound)
    ordered = _PAIR & interval & (nw.col("low") <= nw.col("high"))
    inside = (nw.col("low") <= target) & (target <= nw.col("high"))
    losses = [each for level in levels for each in _losses(level, centre, bound, scale)]
    size, error = target.abs() / scale, (prediction - target) / scale
    both = size + prediction.abs() / scale
    # comparisons with NaN and null differ between engines; a case has one branch or the other everywhere
    sound, predicted = (nw.when(each).then(nw.lit(1)).otherwise(nw.lit(0)) == 1 for each in (usable, put_out))
    return (
        keyed.select(*keys, **numbers)
        .with_columns(pair=sound, waiting=predicted & ~sound)
        .with_columns(
            target=nw.when(_PAIR).then((target - centre) / scale),
            prediction=nw.when(_PAIR).then((prediction - centre) / scale),
            error=nw.when(_PAIR).then(error),
            raw_error=nw.when(_PAIR).then(prediction - target),
            size=nw.when(_PAIR).then(size),
            relative=nw.when(_PAIR & (target.abs() >= NOTHING)).then(error.abs() / size),
            symmetric=nw.when(_PAIR & (both > 0)).then(2.0 * error.abs() / both).when(_PAIR).then(0.0),
            width=nw.when(ordered).then((nw.col("high") - nw.col("low")) / scale),
            covered=nw.when(ordered & inside).then(1.0).when(ordered).then(0.0),
            unpaired=nw.when(_WAITING).then(prediction),
            waiting_bin=nw.when(_WAITING).then(units.prediction.bin(prediction)),
            prediction_bin=nw.when(_PAIR).then(units.prediction.bin(prediction)),
            error_bin=nw.when(_PAIR).then(units.error.bin(prediction - target)),
            **dict(losses),
        )
        .with_columns(
            raw_target=nw.when(_PAIR).then(target),
            raw_prediction=nw.when(_PAIR).then(prediction),
        )
    )


def _number(name: str | None, present: set[str]) -> nw.Expr:
    """A column as a number; null where the log has lost it."""
    return nw.col(name).cast(nw.Float64) if name in present and name else nw.lit(None).cast(nw.Float64)


def _near(value: nw.Expr, centre: float, bound: float) -> nw.Expr:
    """Whether a value is a finite number, and not so far out that its powers would overflow."""
    return value.is_finite() & ((value - centre).abs() <= bound) & (value.abs() <= bound)


def _losses(level: float, centre: float, bound: float, scale: float) -> list[tuple[str, nw.Expr]]:
    """What is summed of one quantile: whether the target is at or below it, and the pinball loss."""
    key, target = level_key(level), nw.col("raw_target")
    value = nw.col(f"quantile_{key}")
    known = _PAIR & _near(value, centre, bound)
    miss = (target - value) / scale
    loss = nw.when(known & (miss >= 0)).then(level * miss).when(known).then((level - 1.0) * miss)
    below = nw.when(known & (miss <= 0)).then(1.0).when(known).then(0.0)
    return [(f"pinball_{key}", loss), (f"below_{key}", below)]


def _counted(pairs: nw.LazyFrame[Any], keys: list[str], levels: Mapping[float, str]) -> nw.LazyFrame[Any]:
    """The sums of each cell, and of each bin of the prediction and of the error, as rows of one frame."""
    quantiles: dict[str, nw.Expr] = {}
    for key in map(level_key, levels):
        loss, below = nw.col(f"pinball_{key}"), nw.col(f"below_{key}")
        quantiles |= {
            f"pairs_{key}": loss.count(),
            f"below_{key}": below.sum(),
            f"pinball_sum_{key}": loss.sum(),
            f"pinball_sq_{key}": (loss * loss).sum(),
        }
    names = [name for name in ADDED if name not in ("n", "centre", "scale")]
    names += [f"{name}_{level_key(level)}" for level in levels for name in _OF_QUANTILE]
    summed = {
        "cell": pairs.group_by(*keys).agg(n=nw.len(), **_CELL_SUMS, **_BETWEEN, **quantiles),
        "prediction": _in_bins(pairs.filter(_PAIR), keys, "prediction_bin", _BY_PREDICTION),
        "error": _in_bins(pairs.filter(_PAIR), keys, "error_bin", _BY_ERROR),
        "waiting": _in_bins(pairs.filter(_WAITING), keys, "waiting_bin", _BY_WAITING),
    }
    return nw.concat([_wide(frame, keys, kind, names) for kind, frame in summed.items()])


def _in_bins(
    rows: nw.LazyFrame[Any], keys: list[str], column: str, sums: Mapping[str, nw.Expr]
) -> nw.LazyFrame[Any]:
    return rows.group_by(*keys, column).agg(n=nw.len(), **sums).rename({column: "key"})


def _wide(frame: nw.LazyFrame[Any], keys: list[str], kind: str, names: Sequence[str]) -> nw.LazyFrame[Any]:
    """A frame of one kind with the columns of all kinds."""
    present = set(frame.collect_schema().names())
    key = nw.col("key") if "key" in present else nw.lit(0)
    return frame.select(
        *keys,
        nw.lit(kind).alias("kind"),
        key.cast(nw.Int64).alias("key"),
        nw.col("n").cast(nw.Int64),
        *((nw.col(name) if name in present else nw.lit(None)).cast(nw.Float64).alias(name) for name in names),
    )


def _by_level(counted: pa.Table, named: Sequence[str], levels: Mapping[float, str], units: Units) -> pa.Table:
    """The sums with those of each quantile as rows of their own, and the units with those of the cells."""
    cells = counted.filter(pc.equal(counted["kind"], "cell"))
    names = [*named, "kind", "key", *ADDED]
    tables = [_padded(counted, names)]
    for key in map(level_key, levels):
        columns = {name: cells[name] for name in named} | {
            "kind": pa.repeat(pa.scalar("quantile"), cells.num_rows),
            "key": pa.repeat(pa.scalar(key, pa.int64()), cells.num_rows),
            "n": cells[f"pairs_{key}"],
        }
        columns |= {name: cells[f"{name}_{key}"] for name in _OF_QUANTILE}
        tables.append(_padded(pa.table(columns), names))
    whole = pa.concat_tables(tables)
    for name, value in (("centre", units.centre), ("scale", units.scale)):
        unit = pc.if_else(pc.is_in(whole["kind"], pa.array(["cell", "quantile"])), value, None)
        whole = whole.set_column(whole.schema.get_field_index(name), name, unit.cast(pa.float64()))
    return whole


def _padded(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The table with these columns, null where it has none; those of the outcomes in their types."""
    types = {field.name: field.type for field in SCHEMA}
    columns = {
        name: table[name].cast(types.get(name, table[name].type))
        if name in table.column_names
        else pa.nulls(table.num_rows, types[name])
        for name in names
    }
    return pa.table(columns)


def _joined(counted: pa.Table) -> pa.Table:
    """The counts on the bins of segment cells."""
    binned = pc.is_in(counted["kind"], pa.array(BINNED))
    keys = pc.if_else(binned, pc.shift_right(counted["key"], JOINED_BITS), counted["key"])
    return counted.set_column(counted.schema.get_field_index("key"), "key", keys)
