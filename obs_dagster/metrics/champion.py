"""How far a version's quality lies from that of its champion, so sure that people may look every night."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.champion import beside_champion

COMPARED = ("recall", "precision", "accuracy", "f1")
"""The metrics of which one version may be better than another."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A version beside its champion.

    Attributes:
        known: the difference of each metric, the version minus its champion, with the interval that holds on
            all nights at once; in words under `reason`.
        reason: why nothing is known; empty if something is.
    """

    known: Mapping[str, Estimate] = field(default_factory=dict)
    reason: str = ""


def _difference(metric: str) -> Callable[[Challenge], Estimate]:
    def compute(challenge: Challenge) -> Estimate:
        return challenge.known.get(metric) or Estimate.missing(
            challenge.reason or "no day has enough rows of both"
        )

    return compute


def _metric(name: str) -> Metric[Challenge]:
    beside = beside_champion(name)
    said = "F1" if name == "f1" else name
    return Metric(
        Definition(
            name=beside,
            id=f"{beside}/1",
            family="champion",
            title=f"{said[0].upper()}{said[1:]} beside the champion",
            meaning=f"How much higher the {said} of a version is than that of the monitor's `champion`, on "
            "the days that both have. Rules watch it as `better_than: champion` and `worse_than: champion`.",
            formula=f"the mean of the days' differences in {said}, version - champion, weighted by their "
            "rows; on each day with the mix of segments evened out, where both versions have nearly all of "
            "their rows in the same cells of a split. Over all days since the version last paused for four "
            "weeks; from the seventh on.",
            reference="Robbins' normal mixture on daily differences: Waudby-Smith, Arbour, Sinha, Kennedy "
            "and Ramdas, Annals of Statistics 52, 2024.",
            interval="a confidence sequence: it holds on all nights at once",
            better="higher",
            tasks=("binary_classification",),
            needs=("labels", "champion"),
            cells="none",
            daily=True,
            noun=f"{said} beside the champion",
        ),
        _difference(name),
    )


METRICS = tuple(map(_metric, COMPARED))
