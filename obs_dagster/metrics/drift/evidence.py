"""How sure it is that a column differs from its baseline by more than days differ anyway."""

from __future__ import annotations

import math

from obs_dagster.evidence.detector import e_value
from obs_dagster.evidence.questions import SHARE_TOLERANCE
from obs_dagster.evidence.variation import ASSUMED_DISTANCE, LEAST_DAYS, TOLERANCE
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.drift.comparison import Comparison
from obs_dagster.metrics.drift.day_counts import NIGHTS, DayCounts
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_BASELINE, NO_ROWS, Estimate

_NO_NIGHTS = f"not calibrated: no {NIGHTS} say how days differ"


def _compared(comparison: Comparison) -> DayCounts | Estimate:
    """What the evidence is made from, or why there is none."""
    baseline, current = comparison.baseline, comparison.current
    if baseline is None or baseline.rows == 0:
        return Estimate.missing(NO_BASELINE)
    if current.rows == 0:
        return Estimate.missing(NO_ROWS)
    return comparison.days or DayCounts(baseline)


def _p_value(comparison: Comparison) -> Estimate:
    found = _compared(comparison)
    if isinstance(found, Estimate):
        return found
    days = comparison.length
    value = found.questions.p_value(comparison.current, days) if days > 1 else comparison.day_p_value(found)
    return Estimate(value, None, None, comparison.current.rows)


def _evidence(comparison: Comparison) -> Estimate:
    return _bet(_compared(comparison), comparison)


def _break(comparison: Comparison) -> Estimate:
    if comparison.current.rows == 0:
        return Estimate.missing(NO_ROWS)
    return _bet(comparison.before or Estimate.missing(_NO_NIGHTS), comparison)


def _bet(found: DayCounts | Estimate, comparison: Comparison) -> Estimate:
    """What the day's bet against days like those that are known has won."""
    if isinstance(found, Estimate):
        return found
    if found.not_calibrated:
        return Estimate.missing(found.not_calibrated, comparison.current.rows)
    p = comparison.day_p_value(found)
    return Estimate(math.log10(e_value(p)), None, None, comparison.current.rows)


def _design_effect(comparison: Comparison) -> Estimate:
    found = _compared(comparison)
    if isinstance(found, Estimate):
        return found
    if found.not_calibrated:
        return Estimate.missing(found.not_calibrated, comparison.current.rows)
    rows = comparison.current.rows
    return Estimate(found.questions.design_effect(rows), None, None, rows)


_REFERENCE = (
    "Rao and Scott, Annals of Statistics 12 (1984), 46-60, for the design effect of several bins; "
    "[evidence.md](evidence.md)."
)

_NIGHTS_OF_EVIDENCE = (
    "Shin, Ramdas and Rinaldo, E-detectors (2022); Vovk and Wang, E-values, Annals of Statistics 49 (2021), "
    "for the calibrators."
)

METRICS = (
    Metric(
        Definition(
            name="drift_p_value",
            id="drift_p_value/days/8",
            family="drift",
            title="p-value against days that differ anyway",
            meaning="The chance of a window at least as far from the baseline if nothing has moved by more "
            "than days differ from each other: those of the baseline, or the nights before, if it has none "
            "or too few. Other than that of `chi_square` it does not "
            "get small only because there are many rows.",
            formula="the smallest of 4/3 p of what values are, and 8 p of what is missing, or is new. "
            "Each p: P(χ²_d(δ) ≥ D d / ((k - 1) v)), D = Σ (q - p)² / p; p, q: shares of baseline and window "
            "with and without it, or in tenths of the baseline (a number that has a tenth of the rows by "
            "itself, and what is beside it in three parts of no less than 10 rows a day, or more of 100) or "
            "its 20 most frequent values and the rest; "
            "v: their variance from day to day, around their own mean; d: Satterthwaite's degrees of "
            f"freedom; δ: what {TOLERANCE:g} would add, or {SHARE_TOLERANCE:g} of the rows. Its tail is as "
            "heavy as the days say. Of values it is the smallest of 5/2 p of all bins, of 4 p without the "
            "direction in which days differ most, and of 20/7 p of one change by itself: of the mean rank "
            "of numbers, or of the oddest value, times their number. New is what no other day of the "
            "baseline has had: a name, or a number beyond its range by a tenth. Of fewer than "
            f"{LEAST_DAYS} days it is not calibrated, which `design_effect` says; days are taken to differ "
            f"by a PSI of {ASSUMED_DISTANCE:g}.",
            reference=_REFERENCE,
            interval="none: a p-value already speaks of the noise",
            better="higher",
            about="column",
            cells="outputs",
            noun="p-value",
        ),
        _p_value,
    ),
    Metric(
        Definition(
            name="drift_evidence",
            id="drift_evidence/e-value/8",
            family="drift",
            title="Evidence of the day that a column has moved",
            meaning='How strongly the day speaks against "no more than days differ anyway": 2 is a hundred '
            "to one. Days add up, and one may be enough. A rule `above: budget` keeps a budget of false "
            "alarms, most of it for days that add up.",
            formula="log10 e, e the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4; p: `drift_p_value` of the "
            f"day. None of fewer than {LEAST_DAYS} days that say how days differ.",
            reference=_NIGHTS_OF_EVIDENCE,
            interval="none",
            better="lower",
            about="column",
            cells="none",
            daily=True,
            noun="evidence of movement",
            from_zero=False,
            adds_up=True,
            watched=(
                DefaultRule(
                    name="moved_beyond_days",
                    above="budget",
                    severity="info",
                    summary="A column has moved by more than its days differ anyway, a little every night or "
                    "much at once. Look at how, and whether it is a fault or the world.",
                    why="One false alarm a year, of all columns together, or what `alerts` has as its "
                    "`budget`. How days differ, the days of the baseline say, or the nights before; of fewer "
                    f"than {LEAST_DAYS} of either it says nothing.",
                ),
                DefaultRule(
                    name="content_unlike_baseline",
                    above="budget",
                    columns="unlike",
                    summary="Texts have more words that the baseline does not know, or vectors are further "
                    "from where its own are, than on other days. Is there a new topic, another language, "
                    "another encoder? The rows that are least like the baseline are on the health page.",
                    why="One false alarm a year, or what `alerts` has as its `budget`, of these columns "
                    "alone: a new topic of a few percent moves hardly anything else, and among all columns "
                    "it would need more nights to be seen.",
                ),
            ),
        ),
        _evidence,
    ),
    Metric(
        Definition(
            name="break_evidence",
            id="break_evidence/e-value/7",
            family="drift",
            title="Evidence of the day that a column has broken with the nights before",
            meaning='How strongly the day speaks against "no more than the nights before differ from each '
            'other", whatever the baseline is: one of another season does not hide that something has '
            "changed since yesterday. What stays changed is what it is held against after some weeks.",
            formula="log10 e, as of `drift_evidence`; p: as `drift_p_value`, against the sum of up to 56 "
            "nights of the version more than a week before, in tenths of these. None of fewer than "
            f"{LEAST_DAYS} of them.",
            reference=_NIGHTS_OF_EVIDENCE,
            interval="none",
            better="lower",
            about="column",
            cells="none",
            daily=True,
            noun="evidence of a break",
            from_zero=False,
            adds_up=True,
            watched=(
                DefaultRule(
                    name="broken_with_before",
                    above="budget",
                    staying=True,
                    summary="A column has other values than on all nights of the weeks before. Was its unit "
                    "changed, or its source?",
                    why="One false alarm a year, of all columns together, or what `alerts` has as its "
                    "`budget`. It is for baselines that stay, as training rows do; one that moves along is "
                    "made of these nights, and `moved_beyond_days` says the same.",
                ),
            ),
        ),
        _break,
    ),
    Metric(
        Definition(
            name="design_effect",
            id="design_effect/days/5",
            family="drift",
            title="Design effect of a day",
            meaning="How many times as far the shares of a day vary as those of so many independent rows "
            "would: 1 where days are alike, less where they are more alike than chance, as with a "
            "timetable. The interval of other drift metrics is of independent rows.",
            formula="s + (n - 1) r; n: rows of the day, r: the correlation of rows of one day, s: 1, or down "
            "to 1/4 where days differ less than independent rows would; from the variance of the shares "
            "over the days of the baseline, or over the nights before, if it has none or too few.",
            reference=_REFERENCE,
            interval="none",
            about="column",
            cells="outputs",
            daily=True,
            noun="design effect",
        ),
        _design_effect,
    ),
)
