"""How right each version was on its baseline: the outcomes of training rows, or of the baseline's days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import narwhals as nw
import pyarrow.parquet as pq

from obs_dagster.baselines.rows import training_files
from obs_dagster.baselines.stored import version_folder
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import read_outcomes, window_days
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import manifest_if_readable, manifest_metadata, replacing
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.metrics.definition import Family
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.data import DaysBaseline, Labels, RollingBaseline, TrainingBaseline
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.sources.files import SourceFiles, connect, derived
from obs_dagster.sources.label_values import label_reader
from obs_dagster.sources.labels import label_book
from obs_dagster.sources.log_schema import LogSchema
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable, reduce_outcomes

_FILE = "outcomes.parquet"


def relative_metrics(monitor: Monitor, name: Family) -> frozenset[str]:
    """The metrics of a family whose value on the baseline some rule asks for."""
    known = family(name, monitor.task)
    return frozenset(
        rule.metric for rule in monitor.alerts if rule.threshold.of_baseline and rule.metric in known
    )


def baseline_outcomes(night: Night, version: str, day: dt.date, kind: OutcomeTable) -> OutcomeProfile | None:
    """The outcomes of what a version is compared with on a night; None if no label of that is known."""
    monitor, baseline = night.monitor, night.monitor.baseline
    if monitor.labels is None:
        return None
    if isinstance(baseline, TrainingBaseline):
        return _of_training(night, baseline, version, monitor.labels, kind)
    days = window_days(night.outcomes, *_span(baseline, day))
    merged = OutcomeProfile.merged((read_outcomes(night, each, kind) for each in days), kind)
    return merged if version in merged.versions() else None


def _span(baseline: DaysBaseline | RollingBaseline, day: dt.date) -> tuple[dt.date, int]:
    """The last day of a baseline of days, and how many it has."""
    if isinstance(baseline, DaysBaseline):
        return baseline.last, (baseline.last - baseline.first).days + 1
    return day - dt.timedelta(days=baseline.gap_days), baseline.days


def _of_training(
    night: Night, baseline: TrainingBaseline, version: str, labels: Labels, kind: OutcomeTable
) -> OutcomeProfile | None:
    """The outcomes of training rows, reduced once and kept beside their profile."""
    monitor = night.monitor
    source = training_files(monitor, baseline).get(version)
    if source is None:
        return None
    path = version_folder(monitor, version, night.lake) / _FILE
    fingerprint = f"{source.fingerprint()}-{night.grids.id}-{monitor.cuts}-{outputs(monitor)}-{labels}"
    if (manifest_if_readable(path) or {}).get("fingerprint") == fingerprint:
        table = pq.read_table(path, partitioning=None)
        return OutcomeProfile(table.cast(kind.schema), kind) if table.num_rows else None
    found = _reduced(night, source, version, labels, kind)
    with replacing(path) as aside:
        table = found.table.replace_schema_metadata(manifest_metadata({"fingerprint": fingerprint}))
        pq.write_table(table, aside, compression="zstd")
    return found if found.table.num_rows else None


def _reduced(
    night: Night, source: SourceFiles, version: str, labels: Labels, kind: OutcomeTable
) -> OutcomeProfile:
    monitor, grids = night.monitor, night.grids
    with connect() as connection:
        rows = connection.sql(LogSchema.of(monitor).rows(source.parts(connection), absent_as_null=False))
        types = dict(zip(rows.columns, map(str, rows.types), strict=True))
        if labels.columns.label not in types:
            return OutcomeProfile.empty(kind)
        named = derived(rows, "typed", _labelled(night, version, labels, types))
        return reduce_outcomes(nw.from_native(named), monitor, grids, kind)


def _labelled(night: Night, version: str, labels: Labels, types: Mapping[str, str]) -> str:
    """SQL for training rows as labelled rows of a log that name their version."""
    monitor = night.monitor
    reader = label_reader(monitor, labels, label_book(monitor, night.lake).negative)
    label = labels.columns.label
    left_out = {label, monitor.logs.columns.version} & set(types)
    return (
        f"SELECT * EXCLUDE ({', '.join(map(identifier, sorted(left_out)))}), "
        f"{literal(version)} AS {identifier(monitor.logs.columns.version)}, "
        f"{reader.sql(identifier(label), types[label])} AS {LABEL} FROM typed"
    )
