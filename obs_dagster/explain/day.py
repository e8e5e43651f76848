"""The explanations of one night: SHAP values per version, kept in the lake with their plots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

from obs_dagster.errors import ModelLoadError
from obs_dagster.explain.apart import run_apart
from obs_dagster.explain.explainers import Explainers, not_explained
from obs_dagster.explain.kept import SUMMARY, day_folder
from obs_dagster.explain.loading import fetch_version
from obs_dagster.explain.scoring import told
from obs_dagster.explain.version_explained import VersionExplained
from obs_dagster.lake.lake import Lake, write_json
from obs_dagster.metrics.record import NO_ROWS
from obs_dagster.mlflow_reach.waiting import no_answer
from obs_dagster.monitor.data import Registry
from obs_dagster.monitor.elsewhere import no_sample
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.scratch import scratch
from obs_dagster.telemetry.traces import of_day
from obs_dagster.workers import WorkerError, in_order

#: Fewer days than these are explained sooner than other processes have started and loaded the models.
_FEWEST_DAYS = 24

Served = tuple[dt.date, Sequence[str]]
"""A day, and the versions that served on it."""


def explain_days(
    monitor: Monitor, days: Sequence[Served], lake: Lake, tracking_uri: str, *, labelled: bool = False
) -> Iterator[tuple[dt.date, list[VersionExplained]]]:
    """Explain a sample of the rows of each version and day, and replace the days' explanations in the lake.

    A version that cannot be explained says why and leaves the others alone, and so does a day. A row that the
    registered model refuses is left out and counted. The registry is asked once whether it is there. Models
    and backgrounds are loaded once for all days; of a long range by each of the processes that share it.

    Args:
        monitor: the monitor.
        days: each day with the versions that served on it.
        lake: holds the rows, and takes the explanations.
        tracking_uri: the MLflow server or database that holds the registry.
        labelled: whether to ask the days' labels what each feature is worth; what is kept of the days stays
            as it is then, and says what SHAP values to compare with.

    Raises:
        OSError: the explanations cannot be written.
    """
    if why := no_sample(monitor):
        for day, versions in days:
            yield day, not_explained(versions, why, wanted=monitor.registry is not None)
        return
    if not monitor.engine.reads_here:
        for first in range(0, len(days), _FEWEST_DAYS):
            yield from _explained(
                monitor, days[first : first + _FEWEST_DAYS], lake, tracking_uri, labelled=labelled
            )
        return
    unreachable = no_answer(tracking_uri) if monitor.registry else ""
    explainers = Explainers(monitor, lake, tracking_uri, unreachable, labelled=labelled)
    if monitor.registry is not None and monitor.registry.apart and not unreachable:
        found = _apart(explainers, monitor.registry, days)
    else:
        found = in_order(partial(_explain, explainers), days, fewest=_FEWEST_DAYS)
    for number, (day, _) in enumerate(days):
        try:
            yield day, next(found)
        except WorkerError as error:
            # the rows of one day may be what kills a process: which one is not known
            yield from ((each, not_explained(versions, told(error))) for each, versions in days[number:])
            return


@reads_rows
def _explained(
    monitor: Monitor, days: Sequence[Served], lake: Lake, tracking_uri: str, *, labelled: bool
) -> list[tuple[dt.date, list[VersionExplained]]]:
    """The same, done where rows are read."""
    return list(explain_days(monitor, days, lake, tracking_uri, labelled=labelled))


def _apart(
    explainers: Explainers, registry: Registry, days: Sequence[Served]
) -> Iterator[list[VersionExplained]]:
    """Explain days in a process that knows no secret; the files of models are fetched here.

    Raises:
        WorkerError: it died, or took too long.
    """
    with TemporaryDirectory(prefix="models-", dir=scratch()) as folder:
        for version in dict.fromkeys(version for _, versions in days for version in versions):
            try:
                path = fetch_version(registry.name, version, explainers.tracking_uri, Path(folder))
                explainers.fetched[version] = path
            except ModelLoadError as error:
                explainers.troubles[version] = str(error)
        found = run_apart(
            partial(_explain, replace(explainers, tracking_uri=""), days),
            seconds=registry.seconds,
            memory=registry.memory_mb * 2**20,
            with_key=explainers.monitor.logs.columns.prediction_id in explainers.monitor.personal,
        )
        for (_, versions), document in zip(days, found, strict=False):
            try:
                explained = [VersionExplained.from_json(each) for each in document]
            except (TypeError, KeyError, AttributeError) as error:
                raise WorkerError(
                    "A model's process gave another answer than was asked for.", remedy="Look at the model."
                ) from error
            known = {each.version: each for each in explained}
            yield [known.get(version, VersionExplained(version, reason=NO_ROWS)) for version in versions]


@lru_cache(maxsize=1)
def _first(explainers: Explainers) -> Explainers:
    """The first of equal copies that this process got: with what it has prepared since."""
    return explainers


def _explain(explainers: Explainers, days: Iterable[Served]) -> Iterator[list[VersionExplained]]:
    kept = _first(explainers)
    for day, versions in days:
        with of_day(day):
            explained = kept.explain(day, versions)
        if kept.labelled:
            yield explained
            continue
        folder = day_folder(kept.monitor, day, kept.lake)
        summary = [{**asdict(each), "remarks": each.remarks} for each in explained]
        write_json(folder / SUMMARY, summary)
        yield explained
