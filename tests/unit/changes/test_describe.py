"""What is told of columns that moved: swaps, missing values, the window that says most, and JSON."""

# ruff: noqa: RUF001 - signs as people read them

import datetime as dt
import json
import math

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from obs_dagster.changes.change import Change, Changes, Reference
from obs_dagster.changes.describe import Moved, describe
from obs_dagster.changes.words import line, told
from tests import counted

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
DAY = dt.date(2024, 7, 4)
DAYS = Reference("days", dt.date(2024, 1, 1), dt.date(2024, 3, 31))


@pytest.fixture
def change(raw):
    """Describes columns whose values go from one array to another."""

    def make(windows=(1,), *, values=True, **columns):
        moved = [
            Moved("3", name, windows, *(_counts(raw, side, sides[0]) for side in sides), values=values)
            for name, sides in columns.items()
        ]
        return describe(moved, {"3": DAYS}, DAY)

    return make


def _counts(raw, values, like):
    if isinstance(values, list):
        return raw.categories(values)
    return raw.on_shape(values, like)


def drawn(seed, n=4000):
    rng = np.random.default_rng(seed)
    return {
        "temp": rng.normal(12, 9, n),
        "humidity": 100 * rng.beta(5, 3, n),
        "amount": rng.lognormal(2, 1, n),
    }


def test_a_value_of_very_many_that_stands_out_by_chance_is_not_named(change):
    rng = np.random.default_rng(0)
    before, after = (rng.integers(0, 1_500, n).astype(str).tolist() for n in (5_000, 1_800))
    (found,) = change(city=(before, after))
    assert told(found) == "none of its values by more than chance"
    (found,) = change(city=(before, ["7"] * 100 + after[100:]))
    assert told(found).startswith("'7' 0.")


def test_columns_that_changed_places_are_named_with_each_other(change):
    before, after = drawn(1, 20_000), drawn(2)
    found = change(
        temp=(before["temp"], after["humidity"]),
        humidity=(before["humidity"], after["temp"]),
        amount=(before["amount"], after["amount"] * 1000),
    )
    assert [cause.told for each in found for cause in each.causes] == [
        "as humidity was: swapped with it?",
        "as temp was: swapped with it?",
        "× 1000: a change of unit?",
    ]


def test_a_column_that_is_like_another_but_not_the_reverse_is_not_swapped(change):
    before, after = drawn(1, 20_000), drawn(2)
    copied = change(
        temp=(before["temp"], after["humidity"]), humidity=(before["humidity"], after["humidity"] * 0.2 + 90)
    )
    assert not any("swapped" in cause.told for each in copied for cause in each.causes)


def test_categories_that_changed_places_are_named_with_each_other(change):
    rng = np.random.default_rng(3)
    before, after = (
        (rng.choice(["DE", "FR"], n).tolist(), rng.choice(["ios", "web", "tv"], n).tolist())
        for n in (9000, 2000)
    )
    found = change(country=(before[0], after[1]), device=(before[1], after[0]))
    assert [each.causes[0].told for each in found] == [
        "as device was: swapped with it?",
        "as country was: swapped with it?",
    ]


@pytest.mark.parametrize(
    ("lost", "n", "expected"),
    [
        (0.3, 4000, "a burst of nulls? The values that are there have not moved"),
        (0.3, 150, "a burst of nulls? The values that are there have not moved"),
        (0.05, 4000, "more nulls The values that are there have not moved"),
    ],
)
def test_missing_values_are_told_apart_from_those_that_are_there(change, lost, n, expected):
    rng = np.random.default_rng(n)
    before = rng.choice(["a", "b"], 9000).tolist()
    after = [None if rng.random() < lost else name for name in rng.choice(["a", "b"], n)]
    (found,) = change(plan=(before, after), values=False)
    assert expected.replace("nulls The", "nulls. The") in told(found)
    assert told(found).startswith("missing 0.0 % → ")


@pytest.mark.parametrize(
    ("hole", "what"), [(np.nan, "a burst of NaN?"), (np.inf, "a burst of infinite values?")]
)
def test_what_is_missing_is_named(change, hole, what):
    before, after = drawn(1, 9000)["temp"], drawn(2)["temp"]
    after[::4] = hole
    (found,) = change(temp=(before, after), values=False)
    assert what in told(found)


def test_a_line_has_both_sides_and_their_days(change):
    before, after = drawn(1, 20_000)["amount"], drawn(2)["amount"]
    (found,) = change(amount=(before, after * 1000))
    days = "1 January to 31 March 2024 → 4 July 2024"
    assert line(found) == f"amount: median 7.47 → 7,525, × 1000: a change of unit? ({days})"


def test_what_has_no_cause_is_told_without_one(change):
    rng = np.random.default_rng(5)
    (found,) = change(x=(rng.normal(0, 1, 9000), rng.normal(2, 3, 4000)))
    assert found.causes == ()
    assert told(found).startswith("median ")
    assert "?" not in told(found)


def test_a_column_of_few_values_is_told_by_its_shares(change):
    rng = np.random.default_rng(5)
    (found,) = change(
        stars=(
            rng.choice([1.0, 2, 3], 9000, p=[0.2, 0.3, 0.5]),
            rng.choice([1.0, 2, 3], 4000, p=[0.5, 0.3, 0.2]),
        )
    )
    assert told(found).startswith(("1 20 % → ", "3 50 % → "))


@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_side_without_values_is_told_as_far_as_it_is_known(change, lost):
    values, none = drawn(1)["temp"], np.full(4000, np.nan)
    sides = (none, values) if lost == "before" else (values, none)
    (found,) = change(temp=sides)
    assert found.histogram is None
    assert "100 %" in told(found)
    assert Change.from_json(json.loads(json.dumps(found.as_json(), default=str))) == found


def test_a_fault_that_began_within_the_window_is_explained_by_its_last_day(change):
    rng = np.random.default_rng(8)
    before = rng.normal(1013, 8, 20_000)
    good, bad = rng.normal(1013, 8, 12_000), rng.normal(1013, 8, 2000) * 1.02
    (week,) = change(
        (7, 28), pressure=(before, np.concatenate([good, bad * np.where(rng.random(2000) < 0.5, 1, 1.1)]))
    )
    (day,) = change((1,), pressure=(before, bad))
    assert week.causes == ()
    assert day.causes
    changes = Changes((day, week))
    assert changes.of("3", "pressure", 7) == day
    assert changes.of("3", "pressure", 28) == day
    assert changes.of("3", "pressure", 1) == day
    assert changes.of("3", "other", 1) is None
    # a shorter window that moved says nothing of one that did not
    assert Changes((day,)).of("3", "pressure", 7) is None


def test_changes_survive_json(change):
    before, after = drawn(1, 9000), drawn(2)
    found = change(
        amount=(before["amount"], after["amount"] * 1000),
        temp=(before["temp"], after["temp"] + 20),
        plan=(["a", "b"] * 500, ["A ", None] * 500),
    )
    document = json.loads(json.dumps([each.as_json() for each in found], default=str))
    assert [Change.from_json(each) for each in document] == found


def test_bars_of_both_sides_hold_all_rows(change):
    before, after = drawn(1, 9000)["amount"], drawn(2)["amount"]
    for factor in (1.5, 1000, -1):
        (found,) = change(amount=(before, after * factor))
        assert sum(found.histogram.before) == pytest.approx(1, abs=1e-3)
        assert sum(found.histogram.after) == pytest.approx(1, abs=1e-3)
        # neither side is but one bar
        assert sum(share > 0.01 for share in found.histogram.before) >= 3
        assert sum(share > 0.01 for share in found.histogram.after) >= 3


def test_hostile_categories_do_not_break_anything(change):
    hostile = ["<script>alert(1)</script>", "\x1b[31m", "a" * 500, "=1+1"]
    (found,) = change(plan=(["a", "b"] * 500, hostile * 250))
    assert len(told(found)) < 200


@st.composite
def any_column(draw):
    """Numbers as a log may have them."""
    numbers = st.one_of(
        st.floats(),
        st.integers(-3, 3).map(float),
        st.sampled_from([1e308, -1e308, 5e-324, 2.0**63, 0.0, -0.0, math.nan, math.inf]),
    )
    return np.repeat(draw(st.lists(numbers, min_size=1, max_size=12)), draw(st.sampled_from([1, 40, 900])))


@given(any_column(), any_column())
@settings(max_examples=40, phases=UNSHRUNK)
def test_whatever_a_log_holds_is_told_of_and_kept(before, after):
    moved = [
        Moved("3", name, (1,), counted.on_shape(one, before), counted.on_shape(other, before))
        for name, one, other in (("a", before, after), ("b", after, before))
    ]
    found = describe(moved, {"3": DAYS}, DAY)
    assert all(told(each) for each in found if each.causes)
    kept = json.loads(json.dumps([each.as_json() for each in found], default=str, allow_nan=False))
    assert [Change.from_json(each) for each in kept] == found


names = st.text(max_size=6) | st.sampled_from(["a", "A", "a ", "1", "1.0", "01", "true", "yes", "", " "])


@given(
    st.lists(names | st.none(), min_size=1, max_size=30), st.lists(names | st.none(), min_size=1, max_size=30)
)
@settings(max_examples=40, phases=UNSHRUNK)
def test_whatever_categories_there_are_are_told_of_and_kept(before, after):
    sides = counted.categories(before * 50), counted.categories(after * 50)
    (found,) = describe([Moved("3", "plan", (1,), *sides)], {"3": DAYS}, DAY)
    assert isinstance(told(found), str)
    kept = json.loads(json.dumps(found.as_json(), default=str, allow_nan=False))
    assert Change.from_json(kept) == found
