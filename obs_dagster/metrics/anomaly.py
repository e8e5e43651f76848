"""Nights that are unlike those before, in ways that nobody has a threshold for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.figures import given
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate
from obs_dagster.metrics.usual import Band, band_of
from obs_dagster.profile.distribution import FloatArray

if TYPE_CHECKING:
    from sklearn.ensemble import IsolationForest

HISTORY_DAYS = 84
"""Days before a night that it is compared with."""

FEWEST_NIGHTS = 28
"""Nights with a vector that a comparison needs."""

_FOLDS = 4
"""Parts of the nights before: each is scored by a forest of the others, as the night itself is."""

_FARTHEST = 20.0
"""In spreads: a number beyond it is as odd as one at it."""

_Z_OF_90 = 1.2816
"""The 90 % quantile of the standard normal distribution."""

_NAMED, _STANDS_OUT = 3, 3.0
"""How many numbers are named, of those that lie so many spreads from what is usual."""


@dataclass(frozen=True, slots=True)
class NightNumbers:
    """What is known of a version on a night, and on those before.

    Attributes:
        day: the night's.
        rows: its rows.
        nights: the nights before it, with their numbers by name; a number that is not known is left out.
        current: its own numbers.
        seed: of the forest, so that a night gives the same again.
    """

    day: dt.date
    rows: int
    nights: Sequence[tuple[dt.date, Mapping[str, float]]]
    current: Mapping[str, float]
    seed: int


class HealthNumbers(NightNumbers):
    """Numbers of all kinds that are known without labels."""


class LatencyNumbers(NightNumbers):
    """Numbers about how long requests took, and how many there were."""


def anomaly(night: NightNumbers) -> Estimate:
    """How unlike the nights before a night is: by all of its numbers together, or by the one that is oddest.

    A forest cuts one number at a time, and how early it isolates a night has a bound; one number of many that
    is far off counts as itself, therefore.

    Returns:
        The estimate; its reason says in words which numbers stand out, though there is a value.
    """
    if not night.rows:
        return Estimate.missing(NO_ROWS)
    bands = _bands(night)
    names = [name for name in bands if name in night.current]
    known = [(day, numbers) for day, numbers in night.nights if all(name in numbers for name in names)]
    if len(known) < FEWEST_NIGHTS or not names:
        return Estimate.missing(
            f"{len(known)} of the {FEWEST_NIGHTS} nights that are needed to know what is usual", night.rows
        )

    def distances(day: dt.date, numbers: Mapping[str, float]) -> list[float]:
        return [bands[name][day.weekday()].distance(numbers[name]) for name in names]

    before = np.array([distances(day, numbers) for day, numbers in known])
    own = np.array(distances(night.day, night.current))
    largest = _standing(np.abs(before).max(axis=1), float(np.abs(own).max()))
    together = _standing(*_scores(before, own, night.seed))
    if largest is None or together is None:
        return Estimate.missing("all nights before are alike", night.rows)
    value = max(largest, together)
    told = _in_words(night, bands, dict(zip(names, own.tolist(), strict=True)))
    return Estimate(value, None, None, night.rows, reason=told)


def _bands(night: NightNumbers) -> dict[str, list[Band]]:
    """What each number usually is on each weekday; those that never differ say nothing."""
    week = sorted((night.day + dt.timedelta(days=more) for more in range(7)), key=dt.date.weekday)
    found = {}
    for name in dict.fromkeys(name for _, numbers in night.nights for name in numbers):
        values = [(day, numbers[name]) for day, numbers in night.nights if name in numbers]
        bands = [band_of(values, day) for day in week]
        if all(isinstance(each, Band) for each in bands):
            found[name] = [each for each in bands if isinstance(each, Band)]
    return found


def _scores(before: FloatArray, own: FloatArray, seed: int) -> tuple[FloatArray, float]:
    """The isolation scores of the nights before, each by a forest without it, and that of the night."""
    before, own = np.clip(before, -_FARTHEST, _FARTHEST), np.clip(own[np.newaxis], -_FARTHEST, _FARTHEST)
    folds = np.arange(len(before)) % _FOLDS
    scores, current = np.empty(len(before)), np.empty(_FOLDS)
    for fold in range(_FOLDS):
        forest = _forest(before[folds != fold], seed + fold)
        scores[folds == fold] = -forest.score_samples(before[folds == fold])
        current[fold] = -forest.score_samples(own)[0]
    return scores, float(current.mean())


def _standing(before: FloatArray, own: float) -> float | None:
    """How many spreads a number lies above those of the nights before; None if these are all alike."""
    usual, high = np.quantile(before, [0.5, 0.9])
    return float(_Z_OF_90 * (own - usual) / (high - usual)) if high > usual else None


def _forest(rows: FloatArray, seed: int) -> IsolationForest:
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=100, max_samples=min(64, len(rows)), random_state=seed).fit(rows)


def _in_words(
    night: NightNumbers, bands: Mapping[str, Sequence[Band]], distances: Mapping[str, float]
) -> str:
    """The few numbers that stand out, the oddest first."""
    usually = {name: each[night.day.weekday()] for name, each in bands.items()}
    odd = sorted(distances, key=lambda name: -abs(distances[name]))[:_NAMED]
    told = [
        f"{name} {given(float(f'{night.current[name]:.3g}'))} "
        f"(usually {given(float(f'{usually[name].centre:.3g}'))} "
        f"± {given(float(f'{usually[name].spread:.2g}'))})"
        for name in odd
        if abs(distances[name]) >= _STANDS_OUT
    ]
    return f"What stands out: {', '.join(told)}." if told else "No number stands out by itself."


def _about(kind: type[NightNumbers]) -> Callable[[object], bool]:
    return lambda numbers: isinstance(numbers, kind)


_FORMULA = (
    "the greater of two standings: of the isolation score of the night's vector (Liu, Ting and Zhou 2008; "
    "100 trees of at most 64 nights), and of its largest number. A standing is the distance from the median "
    "of the nights before, over a spread: the distance of their 90 % quantile from it over 1.2816. Each "
    "number enters as its distance from its own weekday's median over twelve weeks, in robust standard "
    "deviations. Past nights are scored by forests that have not seen them (four folds). Of simulated "
    "quiet nights one in a hundred lies above 3.5."
)

METRICS = (
    Metric(
        Definition(
            name="health_anomaly",
            id="health_anomaly/isolation-forest/1",
            family="anomaly",
            title="Anomaly of a night",
            meaning="How unlike the nights before a night of the version is, by all numbers together that "
            "are known without labels: volume, errors, latency, quarantine, drift of score and features, "
            "missing values. Computed where a rule watches it.",
            formula=_FORMULA,
            reference="`-sklearn.ensemble.IsolationForest.score_samples`, standardised.",
            interval="none",
            better="lower",
            cells="none",
            daily=True,
            noun="anomaly of the night",
        ),
        anomaly,
        _about(HealthNumbers),
    ),
    Metric(
        Definition(
            name="latency_anomaly",
            id="latency_anomaly/isolation-forest/1",
            family="anomaly",
            title="Anomaly of latency",
            meaning="How unlike the nights before the latency of a version is: its quantiles with volume and "
            "errors, which together tell load from trouble. Computed where a rule watches it.",
            formula=_FORMULA,
            reference="`-sklearn.ensemble.IsolationForest.score_samples`, standardised.",
            interval="none",
            better="lower",
            needs=("logs.columns.latency_ms",),
            cells="none",
            daily=True,
            noun="anomaly of latency",
        ),
        anomaly,
        _about(LatencyNumbers),
    ),
)
