"""The outcome table of a regressor: parts add up to the whole, rows have no order, engines agree."""

import duckdb
import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from obs_dagster.tasks.outcomes import OutcomeProfile, reduce_outcome_days
from obs_dagster.tasks.regression.expressions import reduce_outcome_frame
from obs_dagster.tasks.regression.outcomes import OUTCOMES
from obs_dagster.tasks.regression.table import ADDED, KEYS, SCHEMA
from tests.regressor import EXTRA, table

_NUMBERS = st.none() | st.floats() | st.floats(-100, 100) | st.sampled_from([0.0, -0.0, 5e-324, 1e300, 2.0])
_ROWS = st.lists(
    st.tuples(
        _NUMBERS, _NUMBERS, _NUMBERS, _NUMBERS, st.sampled_from(["AA", "UA", None]), st.sampled_from("12")
    ),
    max_size=30,
)


def log(rows):
    columns = list(zip(*rows, strict=True)) or [()] * 6
    prediction, label, low, high, carrier, version = map(list, columns)
    numbers = {"low": low, "high": high, "q10": low, "q90": high}
    arrays = {name: pa.array(values, pa.float64()) for name, values in numbers.items()}
    found = table(prediction, label, carrier=pa.array(carrier, pa.string()), **arrays)
    place = found.schema.get_field_index("model")
    return found.set_column(place, "model", pa.array(version, pa.string()))


def same(one, other):
    """Equal but for the last digits of sums."""
    assert one.table.schema.equals(other.table.schema)
    assert one.table.num_rows == other.table.num_rows
    for name in SCHEMA.names:
        left, right = one.table[name], other.table[name]
        if pa.types.is_floating(left.type):
            # cancelled sums keep the digits of what was added, not of what is left
            np.testing.assert_allclose(
                left.to_numpy().astype(float), right.to_numpy().astype(float), rtol=1e-9, atol=1e-9
            )
        else:
            assert left.equals(right), name


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_ROWS, st.integers(0, 30))
def test_parts_add_up_to_the_whole_and_rows_have_no_order(regressor, rows, cut):
    model = regressor([1.0, 2.0, 5.0, 9.0], **EXTRA)
    whole = model.profile(log(rows))
    parts = [model.profile(log(part)) for part in (rows[:cut][::-1], rows[cut:][::-1])]
    merged = OutcomeProfile.merged(parts, OUTCOMES)
    usable = [row for row in rows if all(n is None or abs(n) < 1e6 or not np.isfinite(n) for n in row[:4])]
    if len(usable) == len(rows):
        same(merged, whole)
    assert merged.table["n"].equals(whole.table["n"])
    assert merged.table["pairs"].equals(whole.table["pairs"])
    for version in whole.versions():
        counted = model.inputs(whole, version=version)[""]
        assert counted.n == counted.by_prediction.counts.sum() == counted.by_error.counts.sum()
        assert counted.predictions == sum(row[5] == version for row in rows)
        cells = [model.inputs(whole, segment, version)[""] for segment in whole.segments(version)]
        assert sum(cell.predictions for cell in cells) == 2 * counted.predictions
        assert sum(cell.n for cell in cells) == 2 * counted.n


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_ROWS)
def test_loops_count_what_expressions_count(regressor, rows):
    # far out, and closest to nothing, the bin is a matter of the last digit
    def rounded(number):
        return number if number is None or not np.isfinite(number) else round(number, 3)

    rows = [(*map(rounded, row[:4]), *row[4:]) for row in rows]
    rows = [row for row in rows if all(n is None or abs(n) < 1e6 or not np.isfinite(n) for n in row[:4])]
    model = regressor([1.0, 2.0, 5.0, 9.0], **EXTRA)
    frame = nw.from_native(duckdb.connect().from_arrow(log(rows)))
    expected = OutcomeProfile(reduce_outcome_frame(frame, model.monitor, model.grids, []), OUTCOMES)
    same(model.profile(frame), expected)


@pytest.mark.parametrize("lost", [["minutes"], ["low"], ["q90"], ["minutes", "low", "high", "q10", "q90"]])
def test_a_log_that_has_lost_columns_is_counted_without_them(regressor, lost):
    model = regressor([1.0, 2.0, 5.0, 9.0], **EXTRA)
    rows = log([(3.0, 2.0, 1.0, 4.0, "AA", "1"), (5.0, 2.5, 1.0, 4.0, "UA", "1")]).drop_columns(lost)
    frame = nw.from_native(duckdb.connect().from_arrow(rows))
    expected = OutcomeProfile(reduce_outcome_frame(frame, model.monitor, model.grids, []), OUTCOMES)
    found = model.profile(frame)
    same(found, expected)
    assert found.table["n"].to_pylist()[:1] == [2]


@pytest.mark.parametrize("engine", ["polars", "ibis"])
def test_other_engines_count_the_same(regressor, engine):
    library = pytest.importorskip(engine)
    rng = np.random.default_rng(1)
    label = rng.standard_t(2, 3000) * 40
    prediction = label + rng.normal(0, 5, 3000)
    low = pa.array(prediction - 5, mask=rng.random(3000) < 0.1)
    extra = {"low": low, "high": pa.array(prediction + 4), "q10": low, "q90": pa.array(prediction + 4)}
    rows = table(prediction, pa.array(label, mask=rng.random(3000) < 0.2), **extra)
    model = regressor(prediction, **EXTRA)
    native = library.from_arrow(rows).lazy() if engine == "polars" else library.memtable(rows)
    same(model.profile(nw.from_native(native)), model.profile(rows))


def test_days_in_one_query_are_those_of_a_query_each(regressor):
    rng = np.random.default_rng(2)
    prediction, label = rng.normal(size=(2, 400))
    day = rng.choice(["2024-03-04", "2024-03-05"], 400)
    rows = table(prediction, label, _obs_day=pa.array(day))
    model = regressor(prediction)
    frame = nw.from_native(duckdb.connect().from_arrow(rows))
    together = reduce_outcome_days(frame, model.monitor, model.grids, OUTCOMES, "_obs_day")
    for each in ("2024-03-04", "2024-03-05"):
        same(together[each], model.profile(rows.filter(pc.equal(rows["_obs_day"], each))))


def test_a_year_of_days_merges_without_losing_digits(regressor):
    rng = np.random.default_rng(3)
    label = 1e6 + rng.normal(0, 1, 36_500)
    prediction = label + rng.normal(0.01, 0.1, len(label))
    model = regressor(prediction[:1000])
    parts = [
        model.profile(table(p, y))
        for p, y in zip(np.array_split(prediction, 73), np.array_split(label, 73), strict=True)
    ]
    found = model.metrics(OutcomeProfile.merged(parts, OUTCOMES))
    assert found["bias"].value == pytest.approx((prediction - label).mean(), rel=1e-9)
    spread = ((label - label.mean()) ** 2).sum()
    assert found["r2"].value == pytest.approx(1 - ((prediction - label) ** 2).sum() / spread, rel=1e-9)


def test_the_table_is_bounded_however_many_rows_there_are(regressor):
    rng = np.random.default_rng(4)
    label = rng.standard_t(2.2, 200_000) * 30
    prediction = label * 0.8 + rng.standard_t(2.2, 200_000)
    profile = regressor(prediction[:5000]).profile(table(prediction, label))
    assert profile.table.num_rows < 9_000
    assert set(KEYS) | set(ADDED) == set(SCHEMA.names)


def test_spark_gives_the_same(regressor, spark):
    from obs_dagster.engine.spark import SparkEngine
    from obs_dagster.spark.session import spark_session

    rng = np.random.default_rng(4)
    numbers = [rng.lognormal(1, 1, 400), rng.normal(3, 2, 400), rng.normal(0, 1, 400), rng.normal(6, 1, 400)]
    numbers[0][:3], numbers[1][3:6] = (np.nan, np.inf, 0.0), (np.nan, -np.inf, 0.0)
    rows = log(list(zip(*numbers, rng.choice(["AA", "UA"], 400), rng.choice(["1", "2"], 400), strict=True)))
    model = regressor(numbers[0][6:], **EXTRA)
    frame = spark_session(SparkEngine(**spark)).createDataFrame(rows)
    same(model.profile(nw.from_native(frame)), model.profile(rows))
