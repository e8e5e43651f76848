"""What every registered task keeps to, whichever there are."""

import math
import re
from typing import get_type_hints

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from obs_dagster.evaluation.component_outcomes import outcomes_by_parts, part_column
from obs_dagster.lake.columns import LABEL
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.registry import definitions, family
from obs_dagster.monitor.data import OUTPUT_ROLES, LogColumns
from obs_dagster.monitor.task import TASKS
from obs_dagster.profile.columns import profiled_columns
from obs_dagster.profile.grids.fit import fit_grids
from obs_dagster.sources.files import connect
from obs_dagster.tasks.outcomes import (
    OutcomeProfile,
    cell_counts,
    reduce_outcome_days,
    reduce_outcomes,
)

NAMES = sorted(TASKS.all())
COUNTED = [name for name in NAMES if TASKS.named(name).outcomes is not None]
N = 240
#: Values of a column of each kind, and of labels of each truth.
VALUES = {
    "score": lambda rng: rng.uniform(size=N),
    "number": lambda rng: rng.normal(10, 30, N),
    "category": lambda rng: rng.choice(["a", "b", "c"], N),
    "decision": lambda rng: rng.random(N) < 0.4,
    "id": lambda rng: rng.choice(["q", "r", "s"], N),
}
#: Roles that several columns play.
SEVERAL = {
    "interval": ("lower", "upper"),
    "quantiles": {0.1: "q10", 0.9: "q90"},
    "scores": {"a": "p_a", "b": "p_b", "c": "p_c"},
}
TRUTHS = {
    "class": lambda rng: rng.random(N) < 0.5,
    "number": lambda rng: rng.normal(10, 30, N),
    "name": lambda rng: rng.choice(["a", "b", "c"], N),
}


@pytest.fixture
def monitor(small):
    """A monitor of a task that maps every role that is one column to a column of that name."""

    hints = get_type_hints(LogColumns)

    def make(name):
        world = small(task=name)
        logs = world.monitor.logs.model_dump(exclude_none=True)
        roles = {role: role for role in OUTPUT_ROLES if hints[role] == (str | None)} | SEVERAL
        world.changes["logs"] = logs | {"columns": logs["columns"] | roles}
        world.changes["multiclass"] = {"classes": ["a", "b", "c"]}
        return world.monitor

    return make


@pytest.fixture
def rows(monitor):
    """Rows of a log of a task, with their day and label."""

    def make(name, seed=0):
        task, described = TASKS.named(name), monitor(name)
        rng = np.random.default_rng(seed)
        columns = {
            "id": [f"{number:04}" for number in range(N)],
            "model": ["1"] * N,
            "temp": rng.normal(10, 5, N),
            "hour": rng.integers(0, 24, N),
            "carrier": rng.choice(["AA", "UA", "B6"], N),
            "day": np.where(np.arange(N) < N // 3, "2024-03-04", "2024-03-05"),
        }
        columns |= {each.column: _legal(each, rng) for each in task.outputs(described)}
        if task.truth is not None:
            columns[LABEL] = pa.array(TRUTHS[task.truth](rng), mask=rng.random(N) < 0.2)
        return pa.table(columns)

    return make


def _legal(output, rng):
    """Values of a column within the contract."""
    values = VALUES[output.kind](rng)
    bounded = output.low is not None or output.high is not None
    return np.clip(values, output.low, output.high) if bounded else values


@pytest.fixture
def reduced(monitor, rows):
    """Reduces rows to outcomes, on the grids of all rows."""

    def run(name, table):
        described = monitor(name)
        with connect() as connection:
            grids = fit_grids(nw.from_native(connection.from_arrow(rows(name))), described)
            frame = nw.from_native(connection.from_arrow(table))
            return reduce_outcomes(frame, described, grids, TASKS.named(name).outcomes)

    return run


def estimates(name, monitor, profile, version="1"):
    """Every performance metric of the whole cell, by what it is about."""
    kind = TASKS.named(name).outcomes
    found = {}
    for subject, given in kind.inputs(profile.cell(version, "*"), monitor(name), "*", 7):
        for metric, estimate in evaluate("performance", given, task=name).items():
            found[subject, metric] = estimate
    return found


def sound(found):
    for key, estimate in found.items():
        told = (key, estimate)
        assert (estimate.value is None) == bool(estimate.reason), told
        for number in (estimate.value, estimate.low, estimate.high):
            assert number is None or math.isfinite(number), told
        assert estimate.n >= 0, told


@pytest.mark.parametrize("name", NAMES)
def test_what_it_says_of_itself(name, monitor):
    task = TASKS.named(name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert task.title
    assert (task.truth is None) == (task.outcomes is None)
    outputs = task.outputs(monitor(name))
    assert outputs
    assert sum(each.leads for each in outputs) <= 1
    assert len({each.column for each in outputs}) == len(outputs)
    counted = {each.column for each in outputs if each.kind != "id"}
    assert counted <= {each.name for each in profiled_columns(monitor(name))}


@pytest.mark.parametrize("name", COUNTED)
def test_its_table_has_its_keys_first(name):
    kind = TASKS.named(name).outcomes
    assert list(kind.keys[:2]) == ["version", "segment"]
    assert kind.schema.names[: len(kind.keys)] == list(kind.keys)
    assert set(kind.added) == set(kind.schema.names) - set(kind.keys)
    assert family("performance", name)


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("count", [0, 1, 2, N])
def test_any_number_of_rows_has_values_or_reasons(name, count, rows, reduced, monitor):
    profile = reduced(name, rows(name).slice(0, count))
    found = estimates(name, monitor, profile)
    sound(found)
    assert profile.table.schema.names == TASKS.named(name).outcomes.schema.names
    if not count:
        known = {metric: each.value for (_, metric), each in found.items() if each.value is not None}
        assert all(definitions(name)[metric].tally and value == 0 for metric, value in known.items()), known


@pytest.mark.parametrize("name", COUNTED)
def test_without_labels_there_are_reasons(name, rows, reduced, monitor):
    table = rows(name)
    place = table.column_names.index(LABEL)
    none = pa.nulls(N, table[LABEL].type)
    found = estimates(name, monitor, reduced(name, table.set_column(place, LABEL, none)))
    sound(found)
    labelled = {
        metric: each.value for (_, metric), each in found.items() if definitions(name)[metric].needs_labels
    }
    # how many labels there are is known: none
    assert not any(labelled.values()), labelled


@pytest.mark.parametrize("name", COUNTED)
def test_null_and_infinite_outputs_have_values_or_reasons(name, rows, reduced, monitor):
    for odd in (None, math.nan, math.inf, -math.inf):
        table = rows(name)
        for output in TASKS.named(name).outputs(monitor(name)):
            if output.kind not in ("score", "number") and odd is not None:
                continue
            place = table.column_names.index(output.column)
            values = table[output.column]
            changed = pc.if_else(pa.array(np.arange(N) % 5 == 0), pa.scalar(odd, values.type), values)
            table = table.set_column(place, output.column, changed)
        sound(estimates(name, monitor, reduced(name, table)))


@pytest.mark.parametrize("name", COUNTED)
def test_the_order_of_rows_makes_no_difference(name, rows, reduced):
    table = rows(name)
    shuffled = table.take(np.random.default_rng(3).permutation(N))
    same(reduced(name, table), reduced(name, shuffled))


@pytest.mark.parametrize("name", COUNTED)
def test_parts_that_are_merged_are_the_whole(name, rows, reduced, monitor):
    kind = TASKS.named(name).outcomes
    # what belongs together stays together, as it does in the days of a log
    table = rows(name)
    parts = [table.filter(pc.equal(table["day"], day)) for day in ("2024-03-05", "2024-03-04")]
    merged = OutcomeProfile.merged([reduced(name, part) for part in parts], kind)
    assert OutcomeProfile.merged([], kind).table.num_rows == 0
    with connect() as connection:
        grids = fit_grids(nw.from_native(connection.from_arrow(table)), monitor(name))
        frame = nw.from_native(connection.from_arrow(table))
        by_day = reduce_outcome_days(frame, monitor(name), grids, kind, "day")
    assert set(by_day) == {"2024-03-04", "2024-03-05"}
    same(OutcomeProfile.merged(by_day.values(), kind), merged)
    found = [estimates(name, monitor, each) for each in (merged, OutcomeProfile.merged([merged], kind))]
    assert found[0] == found[1]


def same(one, other):
    """The same counts, and sums that differ by the order of their terms at most."""
    assert one.table.num_rows == other.table.num_rows
    for name in one.table.column_names:
        left, right = (each.table[name].to_pylist() for each in (one, other))
        numbers = any(isinstance(value, float) for value in left)
        pairs = zip(left, right, strict=True)
        assert all(a == (pytest.approx(b) if numbers and b is not None else b) for a, b in pairs), name


@pytest.mark.parametrize("name", COUNTED)
def test_all_rows_as_a_cell_are_what_a_segment_of_the_same_rows_has(name, monitor, rows):
    table, kind = rows(name), TASKS.named(name).outcomes
    described = monitor(name).model_copy(update={"segments": ("carrier",)})
    one = table.set_column(table.schema.get_field_index("carrier"), "carrier", pa.array(["AA"] * N))
    with connect() as connection:
        grids = fit_grids(nw.from_native(connection.from_arrow(table)), described)
        found = reduce_outcomes(nw.from_native(connection.from_arrow(one)), described, grids, kind).table
    cell = "carrier=AA"
    whole = cell_counts(kind, found.filter(pc.equal(found["segment"], "*")))
    of_cell = found.filter(pc.equal(found["segment"], cell))
    assert pc.sum(whole["n"]) == pc.sum(of_cell["n"])
    assert whole.num_rows == of_cell.num_rows > 1
    told = [
        {
            (subject, metric): (each.value, each.low, each.high, each.n, each.error)
            for subject, inputs in kind.inputs(
                OutcomeProfile(part, kind).cell("1", name_of), described, cell, 7
            )
            for metric, each in evaluate("performance", inputs, task=name).items()
        }
        for part, name_of in ((whole, "*"), (of_cell, cell))
    ]
    assert told[0].keys() == told[1].keys()
    for key, values in told[0].items():
        assert values == pytest.approx(told[1][key], rel=1e-9, abs=1e-12), key


@pytest.mark.parametrize("name", COUNTED)
def test_outcomes_by_what_components_did_are_those_of_these_rows(name, monitor, rows):
    described, kind, table = monitor(name), TASKS.named(name).outcomes, rows(name)
    # rows that are counted together are of one request
    together = next((each.column for each in TASKS.named(name).outputs(described) if each.kind == "id"), "id")
    keys = np.array(table[together].to_pylist())
    did = {key: ("used", "failed", "not used")[place % 3] for place, key in enumerate(sorted(set(keys)))}
    parts = np.array([did[key] for key in keys])
    whose = table.append_column(part_column(0), pa.array(parts)).append_column(
        part_column(1), pa.array(["used"] * N)
    )
    with connect() as connection:
        grids = fit_grids(nw.from_native(connection.from_arrow(table)), described)
        found = outcomes_by_parts(
            nw.from_native(connection.from_arrow(whose)), described, grids, kind, ["tool a=b,c", "llm \\1"]
        )
        for segment, which in (
            ("component tool a%3Db%2Cc=failed", parts == "failed"),
            ("component tool a%3Db%2Cc=not used", parts == "not used"),
            ("component llm \\1=used", np.ones(N, dtype=bool)),
        ):
            mine = nw.from_native(connection.from_arrow(table.filter(pa.array(which))))
            whole = reduce_outcomes(mine, described, grids, kind).table
            expected = cell_counts(kind, whole.filter(pc.equal(whole["segment"], "*")))
            cell = found.filter(pc.equal(found["segment"], segment))
            # extremes are those of a bin, whatever else rows are apart by
            summed = [each for each, how in kind.added.items() if how == "sum"]
            compared = [each for each in (*kind.keys, *summed) if each != "segment"]
            order = [(each, "ascending") for each in kind.keys if each != "segment"]
            left, right = (each.select(compared).sort_by(order).to_pandas() for each in (cell, expected))
            pd.testing.assert_frame_equal(left, right, check_dtype=False)
    assert set(found["segment"].to_pylist()) == {
        *(f"component tool a%3Db%2Cc={each}" for each in ("used", "failed", "not used")),
        "component llm \\1=used",
    }
