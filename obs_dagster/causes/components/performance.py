"""How right the model is: realised where labels are complete, estimated before that."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Side, Signal
from obs_dagster.metrics.registry import estimates, shown_in
from obs_dagster.monitor.model import Monitor

_LEAST = 0.1


def _signals(monitor: Monitor) -> Iterator[Signal]:
    """The numbers that verdicts tell first, and what is estimated of them."""
    guesses = estimates(monitor.task)
    for shown in shown_in("verdict", monitor.task):
        if shown.better is None or shown.about != "model" or shown.family != "performance":
            continue
        side: Side = "below" if shown.better == "higher" else "above"
        yield Signal(shown.name, side, least=_LEAST, relative=True, settled=True)
        if shown.name in guesses:
            yield Signal(guesses[shown.name].name, side, least=_LEAST, relative=True)


COMPONENT = Component(
    name="performance",
    stage=8,
    title="performance",
    trouble="predictions that are worse",
    families=frozenset({"performance", "estimate", "fairness", "champion"}),
    more_signals=_signals,
)
