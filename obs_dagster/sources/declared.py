"""What a monitor declares of a log's columns: their types, what is made of others, what decisions mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from obs_dagster.content.embedding.encoder import Encoder
from obs_dagster.content.protocol import described, fault_column, formatted, stage
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.log_labels import DAY_OF_KEY, in_log
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.sources.classes import Classes

_SQL_TYPES = {"integer": "BIGINT", "number": "DOUBLE", "category": "VARCHAR", "boolean": "BOOLEAN"}
_OUTPUT_TYPES = {
    "score": "DOUBLE",
    "number": "DOUBLE",
    "category": "VARCHAR",
    "decision": "BOOLEAN",
    "id": "VARCHAR",
}
#: Where a path has what a run fills in, or a pattern.
_OPEN = re.compile(r"[{*?\[]")


@dataclass(frozen=True, slots=True)
class DerivedColumn:
    """A column that is made of others.

    Attributes:
        type: its SQL type.
        sql, needs: as `obs_dagster.monitor.task.Derived` has them.
    """

    type: str
    sql: str
    needs: Sequence[str]


def declared_types(monitor: Monitor) -> dict[str, str]:
    """The SQL type of every column that the monitor declares, in order: roles first, then features."""
    roles = monitor.logs.columns
    types = {
        roles.prediction_id: "VARCHAR",
        roles.time: "TIMESTAMPTZ",
        roles.version: "VARCHAR",
    }
    labels = monitor.labels
    keys = labels.columns.in_log.values() if labels else ()
    types |= {name: "VARCHAR" for name in keys if name not in (DAY_OF_KEY, *monitor.features, *types)}
    types |= {each.column: _OUTPUT_TYPES[each.kind] for each in outputs(monitor) if each.derived is None}
    optional = {
        roles.latency_ms: "DOUBLE",
        roles.status: "VARCHAR",
        roles.trace_id: "VARCHAR",
    }
    types |= {name: kind for name, kind in optional.items() if name}
    types |= {
        name: _SQL_TYPES[feature.type]
        for name, feature in monitor.features.items()
        if name not in monitor.described
    }
    return types | {name: described(each).sql_type(each) for name, each in monitor.content.items()}


def read_types(monitor: Monitor) -> dict[str, str]:
    """The SQL type of every declared column that the log has, and no encoder makes."""
    made = encoders(monitor)
    return {name: kind for name, kind in declared_types(monitor).items() if name not in made}


def about_column(monitor: Monitor, column: str) -> str:
    """What a declared column is, in words: a feature's description, or the role that it plays."""
    features = {**monitor.features, **monitor.content}
    if column in features:
        return features[column].description
    roles = monitor.logs.columns.model_dump()
    return next((role.replace("_", " ") for role, name in roles.items() if name == column), "")


def derived_columns(monitor: Monitor) -> dict[str, DerivedColumn]:
    """The columns that ingestion makes of others, in order."""
    found = {
        each.column: DerivedColumn(_OUTPUT_TYPES[each.kind], each.derived.sql, each.derived.needs)
        for each in outputs(monitor)
        if each.derived is not None
    }
    return found | _of_content(monitor)


def content_stages(monitor: Monitor) -> dict[str, tuple[str, ...]]:
    """What is worked out for each content column once a row, see `obs_dagster.content.protocol.Described`."""
    return {
        name: tuple(described(each).stages(each, image_folder(monitor, each)))
        for name, each in monitor.content.items()
    }


def encoders(monitor: Monitor) -> dict[str, Encoder]:
    """What makes each content column that the log does not have, of the column that `of` names."""
    found = {}
    for name, each in monitor.content.items():
        source = monitor.content.get(each.of or "")
        if each.encoder is not None and source is not None:
            of: Literal["text", "image"] = "text" if source.type == "text" else "image"
            folder = image_folder(monitor, source) if of == "image" else ""
            found[name] = Encoder(each.encoder, each.dimension or 1, of, source.stored_as, folder)
    return found


def image_folder(monitor: Monitor, feature: Feature) -> str:
    """The folder that paths of a content column start from."""
    if feature.folder is not None:
        return monitor.resolve_path(feature.folder)
    start = _OPEN.split(monitor.logs.path)[0]
    return monitor.resolve_path(start[: start.rfind("/") + 1] or ".")


def _of_content(monitor: Monitor) -> dict[str, DerivedColumn]:
    """The columns that content is described by, and those that say why it cannot be."""
    found = {}
    for name, feature in monitor.content.items():
        kind = described(feature)
        stages = len(kind.stages(feature, ""))
        needs = tuple(stage(name, place) for place in range(2 + stages))
        found[fault_column(name)] = DerivedColumn("VARCHAR", formatted(kind.fault(feature)), needs)
    for name, (column, descriptor) in monitor.described.items():
        if descriptor.sql:
            needs = tuple(found[fault_column(column)].needs)
            sql = f"CAST({descriptor.sql} AS {_SQL_TYPES[descriptor.type]})"
            found[name] = DerivedColumn(_SQL_TYPES[descriptor.type], formatted(sql), needs)
    return found


def decision_column(monitor: Monitor) -> str:
    """The column of the log that holds decisions; empty if there is none."""
    decisions = (each.column for each in outputs(monitor) if each.kind == "decision" and each.derived is None)
    return next(decisions, "")


def labels_in_log(monitor: Monitor) -> list[str]:
    """The columns of the log that labels are read from, if they are."""
    labels = monitor.labels
    if labels is None or not in_log(monitor.logs, labels):
        return []
    return [name for name in (labels.columns.label, labels.columns.known_at) if name]


def decision_classes(monitor: Monitor) -> Classes:
    """What the values of the log's decisions mean: as the log says, or else as the labels do."""
    logs, labels = monitor.logs, monitor.labels
    if logs.positive is not None:
        return Classes.of(logs.positive, logs.negatives)
    if labels is None:
        return Classes.as_labelled(True, logs.negatives)  # noqa: FBT003  the value of a class
    return Classes.as_labelled(labels.positive, logs.negatives or labels.negatives)
