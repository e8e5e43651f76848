"""How right each version was on its baseline: the outcomes of training rows, or of the baseline's days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import narwhals as nw
import pyarrow.parquet as pq

from obs_dagster.baselines.protocol import OwnRows, baseline_of
from obs_dagster.baselines.stored import load_grids, version_folder
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.windows import read_outcomes
from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.lake import Lake, manifest_if_readable, manifest_metadata, replacing
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.metrics.definition import Family
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.data import Labels
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.row_work import reads_rows
from obs_dagster.monitor.task import outputs
from obs_dagster.sources.classes import Classes
from obs_dagster.sources.files import connect, derived
from obs_dagster.sources.label_values import label_reader
from obs_dagster.sources.labels import label_book
from obs_dagster.tasks.outcomes import OutcomeProfile, OutcomeTable, reduce_outcomes, settings_of

_FILE = "outcomes.parquet"


def relative_metrics(monitor: Monitor, name: Family) -> frozenset[str]:
    """The metrics of a family whose value on the baseline some rule asks for."""
    known = family(name, monitor.task)
    return frozenset(
        part.metric
        for rule in monitor.alerts
        for part in rule.parts
        if part.threshold.of_baseline and part.metric in known
    )


def compared_nights(night: Night, changed: Collection[dt.date]) -> set[dt.date]:
    """Nights that are held against a baseline of which some of the changed days are a part."""
    monitor = night.monitor
    if not changed or not relative_metrics(monitor, "performance"):
        return set()
    baseline, days = baseline_of(monitor), set(changed)
    return {day for day in night.outcomes.days() if days.intersection(baseline.evaluated(day))}


def baseline_outcomes(night: Night, version: str, day: dt.date, kind: OutcomeTable) -> OutcomeProfile | None:
    """The outcomes of what a version is compared with on a night; None if no label of that is known."""
    merged = OutcomeProfile.merged(baseline_parts(night, version, day, kind), kind)
    return merged if version in merged.versions() else None


def baseline_parts(
    night: Night, version: str, day: dt.date, kind: OutcomeTable, *, until: dt.date = dt.date.max
) -> list[OutcomeProfile]:
    """The outcomes of each day that a version is compared with on a night, or of its own rows at once.

    Args:
        night: what it is evaluated with.
        version: the version.
        day: the night.
        kind: what the task counts.
        until: the last day of the log that counts.
    """
    monitor, baseline = night.monitor, baseline_of(night.monitor)
    if monitor.labels is None:
        return []
    if baseline.labelled:
        rows = baseline.own_rows(monitor, version)
        found = None if rows is None else _of_own_rows(night, rows, version, monitor.labels, kind)
        return [] if found is None else [found]
    nights = baseline.nights_without(day, night.breached(version, ""))
    chosen = baseline.evaluated(day) if nights is None else nights
    return [
        read_outcomes(night, each, kind) for each in chosen if each <= until and night.outcomes.exists(each)
    ]


def _of_own_rows(
    night: Night, rows: OwnRows, version: str, labels: Labels, kind: OutcomeTable
) -> OutcomeProfile | None:
    """The outcomes of rows that are none of the log's, reduced once and kept beside their profile."""
    monitor = night.monitor
    path = version_folder(monitor, version, night.lake) / _FILE
    read = f"{outputs(monitor)}{settings_of(kind, monitor)}{label_book(monitor, night.lake).negative}"
    fingerprint = f"{rows.fingerprint}-{night.grids.id}-{monitor.outcome_cuts}-{read}-{labels}"
    if (manifest_if_readable(path) or {}).get("fingerprint") == fingerprint:
        table = pq.read_table(path, partitioning=None)
        return OutcomeProfile(table.cast(kind.schema), kind) if table.num_rows else None
    found = _reduced(monitor, rows, version, labels, kind, night.lake)
    with replacing(path) as aside:
        described = found.table.replace_schema_metadata(manifest_metadata({"fingerprint": fingerprint}))
        pq.write_table(described, aside, compression="zstd")
    return found if found.table.num_rows else None


@reads_rows
def _reduced(  # noqa: PLR0917  one call
    monitor: Monitor, own: OwnRows, version: str, labels: Labels, kind: OutcomeTable, lake: Lake
) -> OutcomeProfile:
    with connect() as connection:
        rows = own.read(connection)
        types = dict(zip(rows.columns, map(str, rows.types), strict=True))
        label = labels.columns.label
        reader = label_reader(monitor, labels, label_book(monitor, lake).negative)
        # with one class unknown, all labels that are known would be of the other
        if label not in types or (isinstance(reader, Classes) and not reader.complete()):
            return OutcomeProfile.empty(kind)
        labelled = f"{reader.sql(identifier(label), types[label])} AS {LABEL}"
        left_out = {label, monitor.logs.columns.version} & set(types)
        named = derived(rows, "typed", _named(monitor, version, labelled, left_out))
        return reduce_outcomes(nw.from_native(named), monitor, load_grids(monitor, lake), kind)


def _named(monitor: Monitor, version: str, labelled: str, left_out: Collection[str]) -> str:
    """SQL for rows as labelled rows of a log that name their version."""
    gone = ", ".join(map(identifier, sorted(left_out)))
    column = identifier(monitor.logs.columns.version)
    return f"SELECT * EXCLUDE ({gone}), {literal(version)} AS {column}, {labelled} FROM typed"
