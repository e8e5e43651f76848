"""A monitor as a data contract: what its log and its labels promise, for whoever makes and reads them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from obs_dagster.contracts.document import LOG, TRUTH, ready
from obs_dagster.monitor.contract import Feature
from obs_dagster.monitor.data import Labels, Logs
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import task_named
from obs_dagster.sources.declared import about_column, read_types
from obs_dagster.sources.protocol import OfSnapshots, source_of

if TYPE_CHECKING:
    from open_data_contract_standard.model import (
        DataQuality,
        OpenDataContractStandard,
        SchemaObject,
        SchemaProperty,
        Server,
    )

_VERSION = "v3.1.0"
_LOGICAL = {
    "VARCHAR": "string",
    "DOUBLE": "number",
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "TIMESTAMPTZ": "timestamp",
}
_FEATURE = {"category": "string", "text": "string", "embedding": "array", "image": "string"}
_DATABASES = {"postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "duckdb": "duckdb"}


def contract_of(monitor: Monitor, *, version: str = "1.0.0") -> OpenDataContractStandard:
    """The contract that a monitor holds its log to, in the Open Data Contract Standard 3.1.

    Args:
        monitor: the monitor.
        version: the contract's own version, which its owner counts.

    Raises:
        ContractError: the library of contracts is not installed.
    """
    ready()
    from open_data_contract_standard.model import Description, OpenDataContractStandard, Team

    labels = monitor.labels
    apart = labels if labels is not None and labels.source else None
    sections = {LOG: monitor.logs} | ({TRUTH: apart} if apart else {})
    return OpenDataContractStandard(
        apiVersion=_VERSION,
        kind="DataContract",
        id=monitor.model,
        name=monitor.model,
        version=version,
        status="active",
        description=Description(purpose=monitor.description) if monitor.description else None,
        servers=[_server(name, section) for name, section in sections.items()],
        schema=[_log(monitor), *([_truth(monitor, apart)] if apart else [])],
        team=Team(name=monitor.owner) if monitor.owner else None,
        slaProperties=_promises(monitor, apart),
    )


def _log(monitor: Monitor) -> SchemaObject:
    from open_data_contract_standard.model import DataQuality, SchemaObject

    quality = [
        DataQuality(
            type="text",
            dimension="conformity",
            description=f"A day is not evaluated if more than {monitor.quality.max_quarantined_share:.3g} of "
            "its rows break the contract.",
        ),
        *_suite(monitor),
    ]
    if monitor.quality.rows_expected == "daily":
        quality.insert(
            0,
            DataQuality(
                type="library",
                metric="rowCount",
                mustBeGreaterThan=0,
                unit="rows",
                dimension="completeness",
                description="Every day has rows.",
            ),
        )
    return SchemaObject(
        name=LOG,
        physicalName=monitor.logs.table,
        logicalType="object",
        physicalType=source_of(monitor.logs).asset,
        description="One row per prediction, as it was served.",
        dataGranularityDescription="One row per version and prediction id.",
        properties=list(_columns(monitor)),
        quality=quality,
    )


def _columns(monitor: Monitor) -> Iterator[SchemaProperty]:
    roles = monitor.logs.columns
    key = [roles.prediction_id, roles.version]
    features = {**monitor.features, **monitor.content}
    for name, kind in read_types(monitor).items():
        if name in features:
            yield _feature(name, features[name])
        else:
            yield _role(monitor, name, kind, key)


def _role(monitor: Monitor, name: str, kind: str, key: Sequence[str]) -> SchemaProperty:
    from open_data_contract_standard.model import SchemaProperty

    roles = monitor.logs.columns
    role = next((role for role, column in roles.model_dump().items() if column == name), "")
    options: dict[str, Any] | None = {"minimum": 0} if role == "latency_ms" else None
    if role == "score" and monitor.logs.scale == "probability" and monitor.task == "binary_classification":
        options = {"minimum": 0, "maximum": 1}
    return SchemaProperty(
        name=name,
        logicalType="string"
        if role == "prediction" and monitor.logs.positive is not None
        else _LOGICAL[kind],
        logicalTypeOptions=options,
        description=about_column(monitor, name) or None,
        required=name in (*key, roles.time) or None,
        primaryKey=name in key or None,
        primaryKeyPosition=key.index(name) + 1 if name in key else None,
    )


def _feature(name: str, feature: Feature) -> SchemaProperty:
    from open_data_contract_standard.model import DataQuality, SchemaProperty

    whole = int if feature.type == "integer" else float
    bounds = {"minimum": feature.min, "maximum": feature.max}
    quality = []
    if feature.allowed is not None:
        quality.append(
            DataQuality(
                type="library",
                metric="invalidValues",
                arguments={"validValues": list(feature.allowed)},
                mustBe=0,
                dimension="conformity",
            )
        )
    return SchemaProperty(
        name=name,
        physicalName=feature.column,
        logicalType=_FEATURE.get(feature.type, feature.type),
        logicalTypeOptions={key: whole(value) for key, value in bounds.items() if value is not None} or None,
        description=feature.description or None,
        required=not feature.nullable or None,
        unique=feature.unique or None,
        quality=quality or None,
    )


def _label_type(monitor: Monitor, labels: Labels) -> str:
    """The logical type of labels: a class is written as the monitor names it."""
    truth = task_named(monitor).truth
    if truth != "class":
        return {"number": "number"}.get(truth or "", "string")
    value = labels.positive
    return "boolean" if isinstance(value, bool) else "integer" if isinstance(value, int) else "string"


def _truth(monitor: Monitor, labels: Labels) -> SchemaObject:
    from open_data_contract_standard.model import SchemaObject, SchemaProperty

    columns = labels.columns
    keys = list(columns.in_log) or [columns.prediction_id]
    properties = [
        SchemaProperty(
            name=name,
            logicalType="string",
            required=True,
            description="Says which predictions the label belongs to.",
            primaryKey=True,
            primaryKeyPosition=place,
        )
        for place, name in enumerate(keys, start=1)
    ]
    properties.append(
        SchemaProperty(
            name=columns.label,
            logicalType=_label_type(monitor, labels),
            required=True,
            description="The true value.",
        )
    )
    if columns.known_at:
        properties.append(
            SchemaProperty(
                name=columns.known_at,
                logicalType="timestamp",
                description="When the true value became known; the latest one counts.",
            )
        )
    return SchemaObject(
        name=TRUTH,
        physicalName=labels.table,
        logicalType="object",
        physicalType=source_of(labels).asset,
        description="Ground truth, which comes later than the prediction.",
        properties=properties,
    )


def _server(name: str, section: Logs | Labels) -> Server:
    """Where the rows are; of a database neither user nor password, of its URL no variable's value."""
    from open_data_contract_standard.model import Server

    if not section.table:
        scheme = section.path.partition("://")[0] if "://" in section.path else ""
        if scheme:
            kind = "s3" if scheme in ("s3", "s3a") else "custom"
            return Server(server=name, type=kind, location=section.path, format=section.source)
        return Server(server=name, type="local", path=section.path, format=section.source)
    parts = urlsplit(section.path)
    kind = _DATABASES.get(parts.scheme.partition("+")[0], "custom")
    if isinstance(source_of(section), OfSnapshots):
        # the database has the catalog, and not the rows
        kind = "custom"
    schema = (section.table or "").rpartition(".")[0]
    database = parts.path.strip("/")
    if kind == "custom":
        return Server(server=name, type="custom", description=f"{parts.scheme}, table {section.table}")
    where = {"host": parts.hostname, "port": _port(parts.netloc, kind), "schema": schema or "public"}
    known = where if kind == "postgres" else {"host": parts.hostname, "port": where["port"]}
    return Server(server=name, type=kind, database=database or None, **({} if kind == "duckdb" else known))


def _port(netloc: str, kind: str) -> int:
    digits = netloc.rpartition(":")[2]
    return int(digits) if digits.isdigit() else {"mysql": 3306}.get(kind, 5432)


def _promises(monitor: Monitor, labels: Labels | None) -> list[Any] | None:
    from open_data_contract_standard.model import ServiceLevelAgreementProperty

    promised = []
    if monitor.quality.rows_expected == "daily":
        promised.append(
            ServiceLevelAgreementProperty(
                property="frequency", value=1, unit="d", element=f"{LOG}.{monitor.logs.columns.time}"
            )
        )
    if labels is not None:
        promised.append(
            ServiceLevelAgreementProperty(
                property="latency",
                value=labels.max_delay_days,
                unit="d",
                element=f"{TRUTH}.{labels.columns.label}",
                description="After so many days a prediction's label is not waited for any longer.",
            )
        )
    return promised or None


def _suite(monitor: Monitor) -> Iterator[DataQuality]:
    """The expectations of the team's own suite, as they are."""
    from open_data_contract_standard.model import DataQuality

    if not monitor.quality.suite:
        return
    file = Path(monitor.resolve_path(monitor.quality.suite))
    for each in json.loads(file.read_text(encoding="utf-8")).get("expectations", []):
        yield DataQuality(type="custom", engine="greatExpectations", implementation=each)
