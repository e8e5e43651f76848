"""How sound a day's rows were, as the facets that data catalogues read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from obs_dagster.baselines.stored import load_grids
from obs_dagster.changes.summary import LEVELS, summarise
from obs_dagster.lake.lake import Lake
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile.distribution import CategoryCounts, Counts
from obs_dagster.profile.grids.grid import Grids
from obs_dagster.profile.profile import Profile, merge_rows
from obs_dagster.profile.tables import PROFILES
from obs_dagster.quality.validated import QUARANTINE

if TYPE_CHECKING:
    from openlineage.client.generated.data_quality_assertions_dataset import (
        Assertion,
        DataQualityAssertionsDatasetFacet,
    )
    from openlineage.client.generated.data_quality_metrics_input_dataset import (
        ColumnMetrics,
        DataQualityMetricsInputDatasetFacet,
    )

_MOST_DAYS = 31
"""Of a run of more days nothing is said of single columns, whose counts would have to be added up."""


def assertions(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> DataQualityAssertionsDatasetFacet | None:
    """What was expected of the rows of some days, and whether all kept it; None if none was judged."""
    from openlineage.client.generated.data_quality_assertions_dataset import DataQualityAssertionsDatasetFacet

    results: dict[str, list[Mapping[str, Any]]] = {}
    for manifest in _manifests(monitor, days, lake):
        for result in manifest["results"]:
            results.setdefault(result["rule"], []).append(result)
    return (
        DataQualityAssertionsDatasetFacet([_assertion(each) for each in results.values()])
        if results
        else None
    )


def _assertion(results: Sequence[Mapping[str, Any]]) -> Assertion:
    """One expectation over days."""
    from openlineage.client.generated.data_quality_assertions_dataset import Assertion

    first = results[0]
    failed, checked = (sum(result[key] for result in results) for key in ("failed", "checked"))
    return Assertion(
        assertion=first["name"],
        success=all(result["success"] for result in results),
        column=first["column"] or None,
        name=first["rule"],
        severity="error" if first["origin"] == "contract" else "warn",
        expected="0 rows that break it",
        actual=f"{failed} of {checked} rows" if checked else None,
    )


def rows_read(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> DataQualityMetricsInputDatasetFacet | None:
    """How many rows of some days were judged; None if no day was."""
    from openlineage.client.generated.data_quality_metrics_input_dataset import (
        DataQualityMetricsInputDatasetFacet,
    )

    found = [manifest["rows"] for manifest in _manifests(monitor, days, lake)]
    return DataQualityMetricsInputDatasetFacet(columnMetrics={}, rowCount=sum(found)) if found else None


def column_metrics(
    monitor: Monitor, days: Sequence[dt.date], lake: Lake
) -> DataQualityMetricsInputDatasetFacet | None:
    """Rows, and of each column what its counts say, of some days and all versions; None for too many days.

    Quantiles are those of the bins.
    """
    from openlineage.client.generated.data_quality_metrics_input_dataset import (
        DataQualityMetricsInputDatasetFacet,
    )

    stored = lake.table(monitor.model, PROFILES)
    there = [day for day in days if stored.exists(day)]
    if not there or len(days) > _MOST_DAYS:
        return None
    grids = load_grids(monitor, lake)
    profile = _every_version([stored.read(day) for day in there], grids)
    found = {column: profile.counts(WHOLE, WHOLE, column) for column in grids.columns}
    return DataQualityMetricsInputDatasetFacet(
        columnMetrics={column: _metrics(counts) for column, counts in found.items() if counts},
        rowCount=profile.rows(WHOLE),
    )


def _every_version(tables: Sequence[pa.Table], grids: Grids) -> Profile:
    """All rows of some days, as if they were of one version."""
    rows = pa.concat_tables(tables)
    rows = rows.filter(pc.field("segment") == WHOLE)
    versions = pa.array([WHOLE] * rows.num_rows, pa.string())
    return Profile(
        merge_rows(rows.set_column(rows.schema.get_field_index("version"), "version", versions)), grids
    )


def _metrics(counts: Counts) -> ColumnMetrics:
    from openlineage.client.generated.data_quality_metrics_input_dataset import ColumnMetrics

    if isinstance(counts, CategoryCounts):
        # of values that were too many to be counted, nobody knows how many there are
        return ColumnMetrics(
            nullCount=counts.missing,
            count=counts.rows,
            distinctCount=None if counts.rest else len(counts.counts),
            quantiles=None,
        )
    quantiles = summarise(counts).quantiles
    return ColumnMetrics(
        nullCount=counts.missing,
        count=counts.rows,
        sum=counts.total if counts.n else None,
        min=counts.minimum,
        max=counts.maximum,
        quantiles={f"{level:g}": value for level, value in zip(LEVELS, quantiles, strict=bool(quantiles))}
        or None,
    )


def _manifests(monitor: Monitor, days: Sequence[dt.date], lake: Lake) -> Iterator[Mapping[str, Any]]:
    stored = lake.table(monitor.model, QUARANTINE)
    for day in days:
        if manifest := stored.readable(day):
            yield manifest
