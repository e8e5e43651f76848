"""What every stage of a monitor has in common: key, group, owner, partitions, kinds, place in the graph."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import dagster as dg

from assets.guard import guarded
from assets.lineage import told
from assets.partitions import daily
from assets.purged import without_purged
from obs_dagster.monitor import Monitor

LATE, LAST = -1, -2
"""Priorities of stages that nobody who waits for an alert shall wait for."""


def stage_key(monitor: Monitor, stage: str) -> dg.AssetKey:
    """The key of one of the monitor's assets."""
    return dg.AssetKey([monitor.model, stage])


def stage(
    monitor: Monitor,
    name: str,
    *,
    after: Sequence[str] = (),
    kinds: Iterable[str] = ("python",),
    checks: Sequence[dg.AssetCheckSpec] = (),
    partitioned: bool = True,
    metadata: dict[str, Any] | None = None,
    priority: int = 0,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Decorate a function as one stage of a monitor; its docstring is the description in the UI.

    Args:
        monitor: the monitor.
        name: the stage's name.
        after: the stages it reads.
        kinds: what it is made with, shown as icons.
        checks: the checks it reports.
        partitioned: whether it has a partition per day; ranges of days run as one run.
        metadata: what is known before it runs, such as its column schema.
        priority: of the stages that could run, that of the highest priority runs first.
    """

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        # Dagster reads it as the type of one output, and refuses it where there are checks
        function.__annotations__.pop("return", None)
        with warnings.catch_warnings():
            # ranges of days as one run are worth a beta feature; the warning would come with every asset
            warnings.simplefilter("ignore", dg.BetaWarning)
            asked = without_purged(monitor, checks, function) if partitioned else function
            return _asset(guarded(monitor, name, told(monitor, name, after, asked)), function.__doc__)

    def _asset(function: Callable[..., Any], description: str | None) -> dg.AssetsDefinition:
        return dg.asset(
            key=stage_key(monitor, name),
            deps=[stage_key(monitor, each) for each in after],
            group_name=monitor.model,
            owners=[monitor.owner] if monitor.owner else None,
            kinds=set(kinds),
            tags={"obs/model": monitor.model, "obs/stage": name},
            description=description,
            partitions_def=daily(monitor) if partitioned else None,
            backfill_policy=dg.BackfillPolicy.single_run() if partitioned else None,
            check_specs=checks,
            metadata=metadata,
            op_tags={"dagster/priority": str(priority)} if priority else None,
        )(function)

    return decorate


def is_run(context: dg.AssetExecutionContext, monitor: Monitor, name: str) -> bool:
    """Whether a stage is part of the run."""
    return stage_key(monitor, name) in context.job_def.asset_layer.selected_asset_keys


def check(monitor: Monitor, asset: str, name: str, description: str) -> dg.AssetCheckSpec:
    """A check that a stage reports itself."""
    return dg.AssetCheckSpec(name, asset=stage_key(monitor, asset), description=description)
