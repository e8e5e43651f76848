"""How far a version's quality lies from that of its champion, so sure that people may look every night."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.champion import beside_champion


@dataclass(frozen=True, slots=True)
class Challenge:
    """A version beside its champion.

    Attributes:
        known: by how much a version is better than its champion in each metric, with the interval that holds
            on all nights at once; in words under `reason`.
        reason: why nothing is known; empty if something is.
    """

    known: Mapping[str, Estimate] = field(default_factory=dict)
    reason: str = ""


def beside(
    metrics: Iterable[Metric[Any]], compared: Collection[str], differences: Mapping[str, str] | None = None
) -> tuple[Metric[Challenge], ...]:
    """The metrics that hold a version against its champion, for a task to register among its own.

    Args:
        metrics: of the task.
        compared: the names of those that its versions are compared by; of these, those with a better side
            are taken, in the order of this list.
        differences: of metrics whose difference is not the mean of the days' differences, what it is.
    """
    known, special = {each.name: each.definition for each in metrics}, differences or {}
    wanted = [known[name] for name in compared if name in known and known[name].better]
    usual = "the mean of the days' differences in"
    return tuple(_metric(of, special.get(of.name, f"{usual} {of.in_a_sentence}")) for of in wanted)


def _metric(of: Definition, difference: str) -> Metric[Challenge]:
    name, said = beside_champion(of.name), of.in_a_sentence
    rows = "requests" if of.counts == "requests" else "rows"
    further, sides = "higher", "version - champion"
    if of.better == "lower":
        further, sides = "lower, which is better,", "champion - version"
    return Metric(
        Definition(
            name=name,
            id=f"{name}/1",
            family="champion",
            title=f"{of.title} beside the champion",
            meaning=f"How much {further} the {said} of a version is than that of the monitor's `champion`, "
            "on the days that both have. Rules watch it as `better_than: champion` and `worse_than: "
            "champion`.",
            formula=f"{difference}, {sides}, weighted by their {rows}; on each day with the mix of segments "
            f"evened out, where both versions have nearly all of their {rows} in the same cells of a split. "
            "Over all days since the version last paused for four weeks; from the seventh on.",
            reference="Robbins' normal mixture on daily differences: Waudby-Smith, Arbour, Sinha, Kennedy "
            "and Ramdas, Annals of Statistics 52, 2024.",
            interval="a confidence sequence: it holds on all nights at once",
            better="higher",
            counts=rows,
            tasks=of.tasks,
            needs=("labels", "champion"),
            cells="none",
            daily=True,
            noun=f"{said} beside the champion",
        ),
        _difference(of.name),
    )


def _difference(metric: str) -> Callable[[Challenge], Estimate]:
    def compute(challenge: Challenge) -> Estimate:
        return challenge.known.get(metric) or Estimate.missing(
            challenge.reason or "no day has enough rows of both"
        )

    return compute
