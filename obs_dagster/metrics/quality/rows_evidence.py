"""How sure it is that a day has another number of rows than nights have anyway."""

from __future__ import annotations

import math

from obs_dagster.evidence.detector import e_value
from obs_dagster.evidence.volume import LEAST_NIGHTS, LEFT_OUT_NIGHTS, MOST_NIGHTS, TOLERANCE, Volume
from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.quality.row_counts import RowCounts
from obs_dagster.metrics.record import NO_ROWS, Estimate

MOST = 1.25
"""What a night's bet wins at most, as a power of ten. At one alarm a year it takes three nights: one alone
may be a holiday, of which no nights before it know."""


def _evidence(counts: RowCounts) -> Estimate:
    if not counts.rows:
        # which is an alert by itself
        return Estimate.missing(NO_ROWS)
    known = Volume.of(counts.before)
    if known is None or counts.day is None:
        nights = sum(rows > 0 for _, rows in counts.before)
        return Estimate.missing(
            f"not calibrated: {nights} nights before the last week have rows, {LEAST_NIGHTS} are needed",
            counts.rows,
        )
    power = math.log10(e_value(known.p_value(counts.day, counts.rows)))
    return Estimate(min(power, MOST), None, None, counts.rows)


METRICS = (
    Metric(
        Definition(
            name="rows_evidence",
            id="rows_evidence/e-value/1",
            family="quality",
            title="Evidence of the day that the log has another number of rows",
            meaning='How strongly the day speaks against "no more or fewer rows than nights differ by", '
            "beside the same weekday of the nights before: 1 is ten to one. Days add up, and no single one "
            f"says more than {10**MOST:.0f} to 1. A rule `above: budget` keeps a budget of false alarms.",
            formula="log10 e, e the mean of κ p^(κ - 1) over κ = 1/4, 1/2, 3/4, at most "
            f"{MOST:g}; p: of a deviance 2 (n log(n/μ) - n + μ) / μ at least so large, beyond a tolerance of "
            f"{TOLERANCE:.0%} of the rows, against up to {MOST_NIGHTS} nights more than {LEFT_OUT_NIGHTS} "
            "days before, as `drift_p_value` is against days. μ: the geometric mean of the weekday, shrunk "
            "towards that of all nights by how much of their distance is chance. None of fewer than "
            f"{LEAST_NIGHTS} nights with rows.",
            reference="James and Stein, Proc. Fourth Berkeley Symposium 1 (1961), 361-379, for the weekdays; "
            "Shin, Ramdas and Rinaldo, E-detectors (2022); [evidence.md](evidence.md).",
            interval="none",
            better="lower",
            whole_log=True,
            cells="none",
            daily=True,
            noun="evidence of another number of rows",
            from_zero=False,
            adds_up=True,
            watched=(
                DefaultRule(
                    name="rows_beyond_nights",
                    above="budget",
                    min_rows=1,
                    severity="info",
                    summary="For some nights the log has had more rows, or fewer, than such nights have "
                    "anyway. Is a part of it missing, or written twice? Or has traffic changed?",
                    why="One false alarm a year, or what `alerts` has as its `budget`. A tenth of 1,000 rows "
                    "that are missing night after night is told within a week, where nothing else differs; "
                    "single nights are for `traffic_fell`, `traffic_lost` and `traffic_rose`.",
                ),
            ),
        ),
        _evidence,
    ),
)
