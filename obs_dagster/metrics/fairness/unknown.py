"""Of how many predictions nobody knows whom they are about."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.figures import percent
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.fairness.groups import Groups
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import NO_ROWS, Estimate


def _unknown(groups: Groups) -> Estimate:
    found = share(groups.unknown, groups.unknown + groups.rows, reason=NO_ROWS)
    if found.value is None:
        return found
    said = f"{percent(found.value)} of predictions have no known {groups.attribute}"
    return replace(
        found, reason=said if groups.unknown else f"every prediction has a known {groups.attribute}"
    )


METRICS = (
    Metric(
        Definition(
            name="group_unknown_share",
            id="group_unknown_share/1",
            family="fairness",
            title="Share without a known group",
            meaning="The share of predictions that lack an attribute: its groups are compared without them, "
            "and who is not known need not be like the others.",
            formula="rows without the attribute / rows with or without it.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="lower",
            tasks=("binary_classification",),
            needs=("fairness.attributes",),
            about="column",
            cells="none",
            written="percent",
        ),
        _unknown,
    ),
)
