"""Several columns, and days, measured at once: as each is by itself."""

from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ncx2

from obs_dagster.evidence.bins import bins_of, pooled
from obs_dagster.evidence.novelty import Known
from obs_dagster.evidence.questions import Questions, questions_of
from obs_dagster.evidence.spread import noncentral_sf
from obs_dagster.evidence.variation import variation_of, variations_of
from obs_dagster.metrics.drift.day_counts import DayCounts, Together
from obs_dagster.profile.distribution import CategoryCounts, NumericCounts

_DAYS = 24


def same(one, other) -> bool:
    """Whether two results are equal, to rounding."""
    if is_dataclass(one):
        assert type(one) is type(other)
        return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    if one is None or isinstance(one, str):
        return one == other
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=1e-12, atol=1e-12)


@st.composite
def columns(draw):
    """Rows per day and bin of a column; some days have none, and some bins are never used."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    bins = draw(st.sampled_from([2, 3, 6, 11]))
    used = rng.random(bins) < draw(st.sampled_from([0.4, 1.0]))
    share = rng.dirichlet(np.ones(bins)) * used + 1e-9
    days = rng.multinomial(draw(st.sampled_from([30, 900])), share / share.sum(), size=_DAYS)
    if draw(st.booleans()):
        days[rng.integers(_DAYS)] = 0
    return days


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(columns(), st.sampled_from([True, False, None])), min_size=1, max_size=8))
def test_columns_differ_at_once_as_each_does_alone(asked):
    together = variations_of([days for days, _ in asked], [ordered for _, ordered in asked])
    for found, (days, ordered) in zip(together, asked, strict=True):
        alone = variation_of(days, ordered)
        assert same(found, alone)
        night = np.minimum(days[0] * 3 + 1, 500)
        assert found.p_value(night, 7) == pytest.approx(alone.p_value(night, 7), rel=1e-9, abs=1e-15)


def numbers(rng, low=0, high=40):
    points = np.unique(rng.integers(low, high, size=30)).astype(float)
    return NumericCounts(
        points, np.zeros(len(points)), rng.integers(0, 9, len(points)), nulls=int(rng.integers(3))
    )


def names(rng):
    return CategoryCounts(
        {name: int(rows) for name, rows in zip("abcdef", rng.integers(0, 60, 6), strict=True)}
    )


NOTHING = NumericCounts(np.array([]), np.array([]), np.array([], dtype=np.int64), nulls=4)


def test_what_lies_beyond_is_what_scipy_says():
    rng = np.random.default_rng(6)
    x, degrees = 10 ** rng.uniform(-9, 3, 5_000), rng.uniform(1, 20, 5_000)
    x[:2] = np.inf, 1e-300
    far = 10 ** rng.uniform(-9, 1, 5_000)
    np.testing.assert_array_equal(noncentral_sf(x, degrees, far), ncx2.sf(x, degrees, far))


@pytest.mark.parametrize("kind", [numbers, names])
def test_days_are_counted_at_once_as_each_is_alone(kind):
    rng = np.random.default_rng(4)
    days = [*(kind(rng) for _ in range(_DAYS)), NOTHING, names(rng), numbers(rng, 60, 90)]
    bins = bins_of(pooled(days[:_DAYS]), _DAYS)
    np.testing.assert_array_equal(bins.count_days(days), [bins.count(day) for day in days])
    assert (bins.count_days(days).sum(axis=1) == [day.rows for day in days]).all()


def beyond(counts: NumericCounts, low: float, high: float) -> int:
    """Rows a tenth of the range beyond it, as the definition says."""
    reach = 0.1 * (high - low)
    outside = [point < low - reach or point > high + reach for point in counts.points]
    return int(counts.counts[outside].sum())


@pytest.mark.parametrize("last", [10, 22, 23, 24, 60, -60])
def test_new_numbers_are_those_beyond_the_range_of_other_days(last):
    rng = np.random.default_rng(9)
    days = [numbers(rng, low, low + 20) for low in (0, 2, 4, last)]
    found = Known.of(days).new_of_days(days)
    for place, day in enumerate(days):
        ends = [other.ends for other in (*days[:place], *days[place + 1 :])]
        new = beyond(day, min(low for low, _ in ends), max(high for _, high in ends))
        assert found[place].tolist() == [day.n - new, new]
    assert found[-1, 1] or abs(last) < 60


def test_questions_are_answered_of_all_columns_when_the_first_is_asked():
    rng = np.random.default_rng(2)
    kinds = [numbers, names, numbers, names]
    days = [[kind(rng) for _ in range(_DAYS)] for kind in kinds]
    together = Together()
    columns = [DayCounts(pooled(each), each, among=together) for each in days]
    few = DayCounts(pooled(days[0]), days[0][:3], among=together)
    night = [kind(rng) for kind in kinds]
    for column, of_days, tonight in zip(columns, days, night, strict=True):
        alone = Questions.of(column.bins, of_days)
        assert column.questions.p_value(tonight) == pytest.approx(alone.p_value(tonight), rel=1e-9)
    assert not few.questions.calibrated
    late = DayCounts(pooled(days[1]), days[1], among=together)
    assert late.questions.p_value(night[1]) == columns[1].questions.p_value(night[1])
    assert questions_of([]) == []
