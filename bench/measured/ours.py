"""The engine as a night calls it, on two Parquet files: what changes here with the engine's interface."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from bench.prepare.columns import LABEL

if TYPE_CHECKING:
    import duckdb

    from obs_dagster.evaluation.night import Night
    from obs_dagster.monitor import Monitor
    from obs_dagster.profile.grids.grid import Grids
    from obs_dagster.profile.profile import Profile
    from obs_dagster.tasks.outcomes import OutcomeProfile

_DAY = dt.date(2024, 1, 1)


def load(monitor: str) -> Monitor:
    """The monitor, and everything that is imported or compiled at first use."""
    import narwhals as nw

    from obs_dagster.catalogue import monitor_of
    from obs_dagster.lake.columns import LABEL as KNOWN_LABEL
    from obs_dagster.metrics.registry import metrics
    from obs_dagster.profile.grids.fit import fit_grids
    from obs_dagster.profile.reduction import reduce_rows
    from obs_dagster.sources.files import connect
    from obs_dagster.tasks.binary.outcomes import OUTCOMES
    from obs_dagster.tasks.outcomes import reduce_outcomes

    metrics()
    described = monitor_of(Path(monitor))
    roles = described.logs.columns
    with connect() as connection:
        one = connection.sql(f"SELECT '1' AS {roles.version}, 0.5 AS {roles.score}, true AS {KNOWN_LABEL}")
        rows = nw.from_native(one)
        grids = fit_grids(rows, described)
        counted = reduce_rows(rows, described, grids)
        drift(described, counted, counted)
        judged = reduce_outcomes(rows, described, grids, OUTCOMES)
        performance(described, judged)
        estimates(described, judged, judged)
    return described


def relation(connection: duckdb.DuckDBPyConnection, path: str) -> duckdb.DuckDBPyRelation:
    """The rows of a file, lazily."""
    from obs_dagster.sources.files import SourceFiles

    return SourceFiles.find("parquet", path).relation(connection)


def fit(path: str, monitor: Monitor) -> Grids:
    """The grids of a baseline."""
    import narwhals as nw

    from obs_dagster.profile.grids.fit import fit_grids
    from obs_dagster.sources.files import connect

    with connect() as connection:
        return fit_grids(nw.from_native(relation(connection, path)), monitor)


def profile(path: str, monitor: Monitor, grids: Grids) -> Profile:
    """The profile of all columns."""
    import narwhals as nw

    from obs_dagster.profile.reduction import reduce_rows
    from obs_dagster.sources.files import connect

    with connect() as connection:
        return reduce_rows(nw.from_native(relation(connection, path)), monitor, grids)


def outcomes(path: str, monitor: Monitor, grids: Grids) -> OutcomeProfile:
    """Predictions against their labels, which stand in the same file."""
    import narwhals as nw

    from obs_dagster.lake.columns import LABEL as KNOWN_LABEL
    from obs_dagster.sources.files import connect, derived
    from obs_dagster.tasks.binary.outcomes import OUTCOMES
    from obs_dagster.tasks.outcomes import reduce_outcomes

    with connect() as connection:
        rows = relation(connection, path)
        labelled = derived(rows, "log", f"SELECT * EXCLUDE ({LABEL}), {LABEL} AS {KNOWN_LABEL} FROM log")
        return reduce_outcomes(nw.from_native(labelled), monitor, grids, OUTCOMES)


def drift(monitor: Monitor, baseline: Profile, current: Profile, only: Collection[str] | None = None) -> int:
    """Every drift statistic of every feature, score and decision, per version; how many there are.

    Args:
        monitor: the monitor.
        baseline: what is compared with.
        current: the day.
        only: names of statistics; left out: all.
    """
    from obs_dagster.evaluation.recording import seed
    from obs_dagster.metrics.drift.comparison import Comparison
    from obs_dagster.metrics.evaluation import evaluate
    from obs_dagster.metrics.registry import common
    from obs_dagster.profile.columns import profiled_columns

    found, names = 0, common("drift") if only is None else only
    columns = [each for each in profiled_columns(monitor) if each.role in {"feature", "output"}]
    for version in current.versions():
        for column in columns:
            counts = current.counts(version, "*", column.name)
            if counts is not None:
                subject = seed(monitor.model, version, "*", column.name, _DAY)
                before = baseline.counts(version, "*", column.name)
                found += len(evaluate("drift", Comparison(before, counts, subject), only=names))
    return found


def night(monitor: Monitor, lake: Path, grids: Grids) -> Night:
    """A night with a lake of its own, whose baseline has these grids."""
    from obs_dagster.baselines.stored import GRIDS, baseline_folder
    from obs_dagster.evaluation.night import Night
    from obs_dagster.evaluation.recording import Recorder
    from obs_dagster.lake.lake import Lake, write_json

    root = Lake(lake)
    write_json(baseline_folder(monitor, root) / GRIDS, grids.to_json())
    return Night(monitor, root, Recorder(monitor.model, "bench", dt.datetime.now(dt.UTC), monitor.task))


def keep_baseline(night: Night, path: str) -> None:
    """Keep the profile of a file's rows as the baseline of each version that it has."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from obs_dagster.baselines.prepared import BaselineVersion, keep_version
    from obs_dagster.profile.profile import Profile

    whole = profile(path, night.monitor, night.grids)
    for version in whole.versions():
        part = Profile(whole.table.filter(pc.field("version") == version), night.grids)
        described = BaselineVersion(version, whole.rows(version), path, night.grids.id)
        keep_version(night.monitor, described, part, pa.table({}), night.lake)


def keep_profile(night: Night, found: Profile) -> Path:
    """Keep the profile of the day; its file."""
    night.profiles.write(_DAY, found.table, {"grids": night.grids.id})
    return night.profiles.path(_DAY)


def drift_of_night(night: Night) -> int:
    """The drift stage of the day; how many records there are."""
    from obs_dagster.evaluation.drift import drift_of_day

    return len(drift_of_day(night, _DAY).records)


def estimates(
    monitor: Monitor,
    baseline: OutcomeProfile,
    outcomes: OutcomeProfile,
    only: Collection[str] | None = None,
) -> int:
    """How many metrics before labels there are, over all rows and per segment cell; of these names only."""
    from obs_dagster.evaluation.estimated import names_of
    from obs_dagster.metrics.evaluation import evaluate
    from obs_dagster.monitor.whole import WHOLE
    from obs_dagster.tasks.binary.outcomes import OUTCOMES
    from obs_dagster.tasks.outcomes import Expecting

    found = 0
    for version in outcomes.versions():
        taught = OUTCOMES.calibration([baseline.cell(version, WHOLE)], monitor, 1)
        for segment in outcomes.segments(version):
            cell = outcomes.cell(version, segment)
            for _, expected in OUTCOMES.expected(cell, taught, monitor, Expecting(segment, 1, 1)):
                names = names_of(monitor, segment, "") if only is None else only
                known = evaluate("estimate", expected, task=monitor.task, only=names)
                found += sum(each.value is not None for each in known.values())
    return found


def performance(monitor: Monitor, labelled: OutcomeProfile, only: Collection[str] | None = None) -> int:
    """Every quality metric, or those of these names, per version and segment cell; how many there are."""
    from obs_dagster.evaluation.recording import seed
    from obs_dagster.metrics.evaluation import evaluate

    found = 0
    for version in labelled.versions():
        for segment in labelled.segments(version):
            subject = seed(monitor.model, version, segment, _DAY)
            cell = labelled.cell(version, segment)
            for _, given in labelled.kind.inputs(cell, monitor, segment, subject):
                found += len(evaluate("performance", given, task=monitor.task, only=only))
    return found
