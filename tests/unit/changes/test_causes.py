"""Each kind of fault is recognised from counts, and nothing is named that did not happen."""

# ruff: noqa: RUF001 - signs as people read them

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from obs_dagster.changes.cause import KINDS, suspected
from obs_dagster.changes.missing import MISSING
from obs_dagster.changes.pair import Categories, Numbers
from obs_dagster.changes.swap import NAME as SWAP

BASELINE = 20_000

COLUMNS = {
    "amount": lambda rng, n: rng.lognormal(2.6, 0.8, n).round(2),
    "temperature": lambda rng, n: rng.normal(12, 9, n),
    "pressure": lambda rng, n: rng.normal(1013, 8, n),
    "age": lambda rng, n: rng.integers(18, 90, n).astype(float),
    "spend, often 0": lambda rng, n: np.where(rng.random(n) < 0.4, 0.0, rng.lognormal(3, 1, n)),
}


def some(rng, values, change, share):
    """A part of the rows changed."""
    return np.where(rng.random(len(values)) < share, change(values), values)


def upper(values):
    return np.quantile(values, 0.6)


WHOLE = {
    "× 1,000": ("unit", "× 1000: a change of unit?", lambda x: x * 1000),
    "÷ 100": ("unit", "÷ 100: a change of unit?", lambda x: x / 100),
    "minutes": ("unit", "× 60: a change of unit (minutes and seconds", lambda x: x * 60),
    "opposite": ("sign", "with the opposite sign?", lambda x: -x),
    "shifted": ("shift", "all values +", lambda x: x + np.rint(0.8 * x.std())),
    "clipped": ("clipping", "clipped?", lambda x: np.minimum(x, upper(x))),
    "left out": ("clipping", "rows left out?", lambda x: x[x < upper(x)]),
    "stuck": ("default_value", "17.5 in every row", lambda x: np.full(len(x), 17.5)),
    "cut to 20": ("rounding", "cut down to multiples of 20?", lambda x: np.floor(x / 20) * 20),
}


@pytest.mark.parametrize("rows", [300, 3000, 30_000])
@pytest.mark.parametrize("fault", WHOLE)
def test_what_happened_to_all_rows_is_named(raw, fault, rows):
    kind, told, change = WHOLE[fault]
    found = {}
    for name, draw in COLUMNS.items():
        rng = np.random.default_rng(rows + 1)
        before = draw(rng, BASELINE)
        pair = Numbers(raw.on_shape(before, before), raw.on_shape(change(draw(rng, rows)), before))
        # where a column has no values to change, nothing happened
        if pair.telling:
            found[name] = suspected(pair)
    named = [cause for cause in found.values() if cause is not None]
    # chance may hide one of five; none is ever taken for something else
    assert len(named) >= max(1, len(found) - 1)
    assert {cause.kind for cause in named} == {kind}
    assert all(told in cause.told and cause.share == 1 for cause in named)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (lambda x: x * 1000, "% of the rows × 1000: a change of unit?"),
        (lambda x: -x, "% of the rows with the opposite sign?"),
        (lambda x: 0 * x - 999, "−999 a default value?"),
        (lambda x: np.full_like(x, np.median(x)), "a default value?"),
    ],
    ids=["unit", "sign", "outside", "median"],
)
@pytest.mark.parametrize("name", ["amount", "age"])
@pytest.mark.parametrize("rows", [1000, 10_000])
def test_what_happened_to_a_part_of_the_rows_is_named_with_the_part(raw, name, fault, told, rows):
    rng = np.random.default_rng(rows)
    before = COLUMNS[name](rng, BASELINE)
    after = some(rng, COLUMNS[name](rng, rows), fault, 0.3)
    cause = suspected(Numbers(raw.on_shape(before, before), raw.on_shape(after, before)))
    assert told in cause.told
    assert cause.share == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(
    ("by", "told"),
    [
        (lambda x: x * 1.8 + 32, "× 1.8 + 32: a change of unit (°C and °F)?"),
        (lambda x: (x - 32) / 1.8, "− 32, ÷ 1.8: a change of unit (°C and °F)?"),
        (lambda x: x + 273.15, "+ 273.15: a change of unit (°C and K)?"),
    ],
)
def test_units_that_add_are_known(raw, by, told):
    rng = np.random.default_rng(3)
    before, after = (rng.gamma(4, 5, n) for n in (BASELINE, 4000))
    cause = suspected(Numbers(raw.on_shape(before, before), raw.on_shape(by(after), before)))
    assert cause.told == told


def test_the_default_that_stands_for_missing_values_says_so(raw):
    rng = np.random.default_rng(4)
    before, after = (rng.gamma(4, 5, n) for n in (BASELINE, 4000))
    before[rng.random(BASELINE) < 0.2] = np.nan
    after[rng.random(4000) < 0.2] = -1
    cause = suspected(Numbers(raw.on_shape(before, before), raw.on_shape(after, before)))
    assert cause.told == "−1 in place of missing values?"
    assert cause.numbers == {"value": -1.0}


class BrokenCause:
    name = "broken"

    def look(self, _):
        raise ZeroDivisionError


def test_a_kind_of_cause_that_fails_hides_no_other(raw, monkeypatch):
    rng = np.random.default_rng(4)
    before, after = (rng.gamma(4, 5, n) for n in (BASELINE, 4000))
    pair = Numbers(raw.on_shape(before, before), raw.on_shape(after * 1000, before))
    known = suspected(pair)
    assert known is not None
    monkeypatch.setitem(KINDS._known, "broken", BrokenCause())
    assert suspected(pair) == known


def counts(raw, names, shares, n, seed):
    return raw.categories(np.random.default_rng(seed).choice(names, n, p=shares).tolist())


@pytest.mark.parametrize("rows", [300, 3000, 30_000])
@pytest.mark.parametrize(
    ("names", "spelled", "way"),
    [
        (["DE", "FR", "IT"], ["de", "fr", "it"], "case"),
        (["JFK", "LGA", "EWR"], ["JFK ", "LGA ", " EWR"], "blanks"),
        (["New York", "Köln", "Rome"], ["new  york", "köln", "rome "], "case and blanks"),
        (["1", "2", "3"], ["1.0", "2.0", "3.0"], "the form of numbers"),
        (["true", "false", "unknown"], ["1", "0", "unknown"], "the words for true and false"),
        (["e-mail", "web_shop", "Café"], ["email", "webshop", "Cafe"], "punctuation or accents"),
    ],
)
def test_new_spellings_are_named(raw, names, spelled, way, rows):
    shares = [0.5, 0.3, 0.2]
    pair = Categories(counts(raw, names, shares, BASELINE, 1), counts(raw, spelled, shares, rows, 2))
    cause = suspected(pair)
    assert cause.kind == "spelling"
    assert cause.told.endswith(f"new spelling ({way})?")
    assert f"'{spelled[0]}' for '{names[0]}'" in cause.told


def test_a_new_spelling_of_a_part_of_the_rows_is_named_with_the_part(raw):
    shares = [0.5, 0.3, 0.2]
    before = counts(raw, ["DE", "FR", "IT"], shares, BASELINE, 1)
    after = raw.categories(
        [
            name.lower() if place % 4 == 0 else name
            for place, name in enumerate(np.random.default_rng(2).choice(["DE", "FR", "IT"], 4000, p=shares))
        ]
    )
    cause = suspected(Categories(before, after))
    assert cause.told == "'de' for 'DE', 'fr' for 'FR', 1 more: new spelling (case)?"
    assert cause.share == pytest.approx(0.25, abs=0.05)


def test_a_category_that_stands_in_for_others_is_named(raw):
    before = counts(raw, ["a", "b", "c"], [0.5, 0.3, 0.2], BASELINE, 1)
    after = counts(raw, ["a", "b", "c", "n/a"], [0.35, 0.21, 0.14, 0.3], 3000, 2)
    cause = suspected(Categories(before, after))
    assert (cause.kind, cause.told) == ("default_value", "'n/a' a default value?")


def test_categories_whose_shares_moved_have_no_cause(raw):
    before = counts(raw, ["a", "b", "c"], [0.5, 0.3, 0.2], BASELINE, 1)
    after = counts(raw, ["a", "b", "c"], [0.2, 0.3, 0.5], 3000, 2)
    pair = Categories(before, after)
    assert pair.telling
    assert suspected(pair) is None


@pytest.mark.parametrize("rows", [50, 400, 5000])
def test_nothing_is_named_where_nothing_happened(raw, rows):
    named = 0
    for seed in range(30):
        rng = np.random.default_rng((rows, seed))
        draw = list(COLUMNS.values())[seed % len(COLUMNS)]
        before, after = draw(rng, 5000), draw(rng, rows)
        named += suspected(Numbers(raw.on_shape(before, before), raw.on_shape(after, before))) is not None
    assert named == 0


def test_values_that_move_in_another_way_are_rarely_given_a_cause(raw):
    found = Counter()
    for seed in range(120):
        rng = np.random.default_rng(seed)
        before, after = _drawn(rng, 3000), _drawn(rng, 2000)
        pair = Numbers(raw.on_shape(before, before), raw.on_shape(after, before))
        if pair.telling:
            cause = suspected(pair)
            found[cause.kind if cause else ""] += 1
    # two normal columns of like spread are a shift of each other, which is no false name
    assert found.total() > 100
    assert found[""] >= 0.9 * found.total()
    assert found["unit"] <= 0.03 * found.total()


def _drawn(rng, n):
    """A column of a random family and parameters."""
    family = rng.integers(5)
    if family == 0:
        return rng.normal(rng.uniform(-20, 20), rng.uniform(1, 10), n)
    if family == 1:
        return rng.lognormal(rng.uniform(0, 4), rng.uniform(0.3, 1.5), n)
    if family == 2:
        return rng.gamma(rng.uniform(0.7, 6), rng.uniform(1, 30), n)
    if family == 3:
        means, spreads, share = rng.uniform(-20, 20, 2), rng.uniform(1, 6, 2), rng.uniform(0.1, 0.9)
        first = rng.random(n) < share
        return np.where(first, rng.normal(means[0], spreads[0], n), rng.normal(means[1], spreads[1], n))
    size = int(rng.integers(3, 60))
    return rng.choice(size, n, p=rng.dirichlet(np.ones(size))).astype(float)


def test_a_wider_column_has_no_cause(raw):
    rng = np.random.default_rng(6)
    before, after = rng.normal(1013, 8, BASELINE), rng.normal(1013, 14, 5000)
    pair = Numbers(raw.on_shape(before, before), raw.on_shape(after, before))
    assert pair.telling
    assert suspected(pair) is None


def test_another_factor_than_a_units_is_no_unit(raw):
    rng = np.random.default_rng(7)
    before, after = (rng.lognormal(2, 0.5, n) for n in (BASELINE, 20_000))
    cause = suspected(Numbers(raw.on_shape(before, before), raw.on_shape(1.3 * after, before)))
    assert cause.kind == "scale"
    assert cause.numbers["factor"] == pytest.approx(1.3, rel=0.02)


@pytest.mark.parametrize(("a", "b", "factor"), [(2, 8, 0.32), (1.5, 4, 0.305), (2, 6, 0.29)])
def test_shares_and_probabilities_have_no_unit(raw, a, b, factor):
    rng = np.random.default_rng(3)
    before, now = rng.beta(a, b, BASELINE), factor * rng.beta(0.8 * a, 0.8 * b, 3000)

    def told(by):
        return suspected(
            Numbers(raw.on_shape(by * before, by * before), raw.on_shape(by * now, by * before))
        ).told

    assert re.search(r"a change of unit \((metres and feet|m/s and km/h)\)", told(40))
    assert re.fullmatch(r"all values × 0\.[23]\d+", told(1))


def test_every_kind_of_cause_is_documented():
    text = (Path(__file__).parents[3] / "docs" / "changes.md").read_text(encoding="utf-8")
    for name in (*KINDS.all(), MISSING, SWAP):
        assert f"`{name}`" in text
