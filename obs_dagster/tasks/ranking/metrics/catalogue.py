"""What of the catalogue is shown, and how unevenly."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import Z
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.tasks.ranking.counts import Cutoff, Items
from obs_dagster.tasks.ranking.metrics.values import each, leading
from obs_dagster.tasks.ranking.table import ITEMS

SURE = 4.0
"""Standard errors that a sample of items may be off by: more is seen once in 16,000 times."""


def gini(counts: IntArray) -> float:
    """Gini index of counts: 0 where all are equal, 1 where one has all. There are two or more, not all 0.

    Σⱼ (2j - n - 1) p₍ⱼ₎ / (n - 1) over the ascending shares p₍ⱼ₎ (Shani and Gunawardana, Evaluating
    Recommendation Systems, 2011, section 8.3.6.1).
    """
    ascending = np.sort(counts).astype(np.float64)
    n = len(ascending)
    weights = 2.0 * np.arange(1, n + 1) - n - 1
    return float(weights @ ascending / ascending.sum() / (n - 1))


def popularity_lift(items: Items) -> tuple[float, float] | None:
    """How much more popular what is shown is than what is relevant, and its standard error on the log scale.

    A / B, where A is the chance that a shown row and another, relevant row are of one item, and B that of two
    relevant rows: pairs of a row with itself are left out of both, so neither is too high for having been
    counted from few rows. The error is by the delta method from multinomial counts.

    Returns:
        None where no two relevant rows are of one item, or none of what is shown is.
    """
    relevant, shown, both = (part.astype(np.float64) for part in (items.relevant, items.shown, items.both))
    shown_pairs = shown.sum() * relevant.sum() - both.sum()
    pairs = relevant.sum() * (relevant.sum() - 1)
    alike_shown = float(shown @ relevant - both.sum())
    alike = float(relevant @ (relevant - 1))
    if not (alike > 0 and alike_shown > 0):
        return None
    a, b = alike_shown / shown_pairs, alike / pairs
    p, q = relevant / relevant.sum(), shown / shown.sum()
    of_relevant = _spread(p, q / a - 2 * p / b) / relevant.sum()
    of_shown = _spread(q, p / a) / shown.sum()
    return a / b, math.sqrt(of_relevant + of_shown)


def _spread(shares: FloatArray, influence: FloatArray) -> float:
    """The variance of a number that rows with these shares have."""
    mean = float(shares @ influence)
    return float(shares @ (influence - mean) ** 2)


def coverage(cutoff: Cutoff) -> Estimate:
    """The share of the known items that was above the cut-off."""
    items = cutoff.items
    if items is None or not len(items.rows):
        return Estimate.missing(NO_ROWS)
    known, shown = len(items.rows), int((items.shown > 0).sum())
    value = shown / known
    # a sample of items without replacement from `whole` of them
    whole = known << items.level
    error = SURE * math.sqrt(max(value * (1 - value), 1 / known) / known * (1 - known / whole))
    return _census(value, error, whole)


def _exposure(cutoff: Cutoff) -> Estimate:
    items = cutoff.items
    if items is None or not items.shown.sum():
        return Estimate.missing(NO_ROWS)
    known = len(items.rows)
    if known == 1:
        return Estimate.missing("one item only", 1)
    value = gini(items.shown)
    return _census(value, SURE * _jackknife(items.shown) if items.level else 0.0, known << items.level)


def _jackknife(counts: IntArray) -> float:
    """Standard error of `gini` over samples of items: each item left out once, in closed form."""
    ascending = np.sort(counts).astype(np.float64)
    n, total = len(ascending), ascending.sum()
    place = np.arange(1, n + 1)
    above = total - np.cumsum(ascending)
    # without item j the items above it move down one place, and the weights of all by one
    weighted = float((2.0 * place - n - 1) @ ascending)
    left = weighted - (2.0 * place - n - 1) * ascending + (total - ascending) - 2.0 * above
    values = left / np.maximum(total - ascending, 1.0) / (n - 2)
    return math.sqrt(float(((values - values.mean()) ** 2).sum()) * (n - 1) / n)


def _lift(cutoff: Cutoff) -> Estimate:
    items = cutoff.items
    if items is None or not len(items.rows):
        return Estimate.missing(NO_ROWS)
    relevant = int(items.relevant.sum())
    if not relevant:
        return Estimate.missing("no relevant items")
    found = popularity_lift(items)
    if found is None:
        return Estimate.missing("no item was relevant twice", relevant)
    ratio, error = found
    low, high = (ratio * math.exp(sign * Z * error) for sign in (-1, 1))
    return Estimate(ratio - 1, low - 1, high - 1, relevant)


def _census(value: float, error: float, items: int) -> Estimate:
    """What was shown is known, not estimated; only a sample of items leaves something open."""
    if not error:
        return Estimate(value, None, None, items)
    return Estimate(value, max(0.0, value - error), min(1.0, value + error), items, error)


_COVERAGE = Definition(
    name="catalogue_coverage",
    id="catalogue_coverage/1",
    family="performance",
    title="Coverage of the catalogue at the first cut-off",
    meaning="The share of the known items that were among the top k of any request; k is the monitor's "
    "first cut-off. An item is known if the log of the window has it, on whatever place: where only the top "
    "items are logged there are no others, and the share is 1.",
    formula="distinct items on places ≤ k / distinct items of the window; items of one score come in the "
    f"order of their names. Of a version with more than {ITEMS:,} items a day, a sample by hash is counted, "
    "and the error is four standard errors of that.",
    reference="Ge, Delgado-Battenfeld and Jannach, RecSys 2010 (catalog coverage).",
    interval="none where all items are counted: what was shown is known; else the error",
    unit="share",
    better="higher",
    counts="items",
    tasks=("ranking",),
    cells="none",
    written="percent",
    shown=frozenset({"trend", "summary"}),
    rank=20,
    heading="Catalogue shown",
)

METRICS = (
    leading(_COVERAGE, coverage),
    leading(
        Definition(
            name="exposure_gini",
            id="exposure_gini/1",
            family="performance",
            title="Inequality of exposure at the first cut-off",
            meaning="How unevenly the known items are shown among the top k: 0 where all are shown as often, "
            "1 where one item has every place; k is the monitor's first cut-off.",
            formula="Gini index Σⱼ (2j - n - 1) p₍ⱼ₎ / (n - 1); p₍ⱼ₎: the items' shares of the places ≤ k, "
            "ascending, n: known items, as of `catalogue_coverage`.",
            reference="Shani and Gunawardana, Evaluating Recommendation Systems (2011), section 8.3.6.1.",
            interval="none where all items are counted: what was shown is known; else the error, four "
            "jackknife standard errors",
            better="lower",
            counts="items",
            tasks=("ranking",),
            cells="none",
            noun="inequality of exposure",
            heading="Inequality of exposure",
        ),
        _exposure,
    ),
    leading(
        Definition(
            name="popularity_lift",
            id="popularity_lift/1",
            family="performance",
            title="Popularity lift at the first cut-off",
            meaning="How much more popular the items among the top k are than those that turn out relevant: "
            "0.2 is 20 % more, 0 no popularity bias; an item's popularity is its share of the relevant rows "
            "of the window, and k the monitor's first cut-off.",
            formula="A / B - 1; A: share of pairs of a row on a place ≤ k and another, relevant row that are "
            "of one item, B: share of pairs of two relevant rows that are (the mean popularity of what is "
            "shown and of what is relevant, without that of a row itself).",
            reference="Abdollahpouri, Mansoury, Burke and Mobasher, RecSys 2020 (popularity lift), over all "
            "requests; Simpson's unbiased index.",
            interval="normal on the log scale, by the delta method from multinomial counts; rows are taken "
            "to be independent",
            better="lower",
            counts="relevant rows",
            tasks=("ranking",),
            needs=("labels",),
            cells="none",
        ),
        _lift,
    ),
    each(
        replace(
            _COVERAGE,
            name="catalogue_coverage_at",
            id="catalogue_coverage_at/1",
            title="Coverage of the catalogue at a cut-off",
            meaning="`catalogue_coverage` for every k of `ranking.at`, which the record's column names "
            "(`top10`).",
            formula="as of `catalogue_coverage`.",
            noun="coverage of the catalogue",
            shown=frozenset(),
            heading="",
        ),
        coverage,
    ),
)
