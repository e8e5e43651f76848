"""Metadata for the UI: tables and column schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

from obs_dagster.monitor import Monitor
from obs_dagster.sources.declared import about_column, declared_types


def column_schema(monitor: Monitor) -> dg.TableSchema:
    """The columns of a log as the monitor declares them, with their contracts."""
    columns = []
    for name, kind in declared_types(monitor).items():
        feature = {**monitor.features, **monitor.content}.get(name)
        constraints = dg.TableColumnConstraints(
            nullable=feature.nullable if feature else True,
            unique=feature.unique if feature else name == monitor.logs.columns.prediction_id,
            other=_other(monitor, name),
        )
        columns.append(
            dg.TableColumn(name, kind, description=about_column(monitor, name), constraints=constraints)
        )
    return dg.TableSchema(columns)


def _other(monitor: Monitor, name: str) -> list[str]:
    feature = monitor.features.get(name)
    if feature is None:
        return []
    bounds = [
        f"{word} {bound:g}"
        for word, bound in (("min", feature.min), ("max", feature.max))
        if bound is not None
    ]
    return bounds + ([f"one of {', '.join(map(str, feature.allowed))}"] if feature.allowed else [])


def table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> dg.TableMetadataValue:
    """A table of plain values; numbers are rounded to four significant digits."""
    return dg.MetadataValue.table(
        records=[dg.TableRecord({name: _plain(row.get(name)) for name in columns}) for row in rows],
        schema=dg.TableSchema([dg.TableColumn(name, "string") for name in columns]),
    )


def rounded(value: float) -> float:
    """The value with four significant digits, for metadata that Dagster draws as a number.

    >>> rounded(0.001375515818431912)
    0.001376
    """
    return float(f"{value:.4g}")


def _plain(value: Any) -> str:
    if value is None:
        return "–"  # noqa: RUF001  a dash means no value
    return f"{value:.4g}" if isinstance(value, float) else str(value)
