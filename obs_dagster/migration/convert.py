"""From a file of another tool to the text of a monitor."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from obs_dagster.errors import ObsError
from obs_dagster.metrics.registry import definitions
from obs_dagster.migration import evidently, nannyml
from obs_dagster.migration.carried import Carried

_UNKNOWN = {
    "prediction_id": "the configuration does not name it: what labels are joined by",
    "time": "the configuration does not name it: when the prediction was made",
    "version": "such tools know none: the column of the model's version",
}
_FORMATS = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet", ".json": "jsonl", ".jsonl": "jsonl"}


class ConversionError(ObsError):
    """A file is no configuration that can be carried over."""


def convert(file: Path, model: str) -> tuple[str, list[str]]:
    """The text of a monitor, and what was not carried over.

    Args:
        file: YAML or JSON.
        model: the model's name.

    Raises:
        ConversionError: it cannot be read, or is neither tool's.
    """
    document = _read(file)
    for tool in (nannyml, evidently):
        if tool.is_one(document):
            found = tool.carried(document)
            return _written(found, model), found.lost
    raise ConversionError(
        f"{file} is neither Evidently's nor NannyML's.",
        remedy="It takes NannyML's configuration with its `calculators`, a report of Evidently as JSON "
        "(`snapshot.save_json`), or a file with its `column_mapping`.",
    )


def _read(file: Path) -> dict[str, Any]:
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise ConversionError(f"{file} cannot be read ({error}).", remedy="Name a file of text.") from error
    except (yaml.YAMLError, json.JSONDecodeError) as error:
        line = str(error).replace("\n", " ")
        raise ConversionError(f"{file} is damaged: {line}.", remedy="Mend it, or export it anew.") from error
    if not isinstance(found, dict):
        raise ConversionError(f"{file} holds no mapping.", remedy="Name a configuration.")
    return found


def _written(found: Carried, model: str) -> str:
    """The monitor, with a comment wherever a person has to look."""
    task = found.task or "binary_classification"
    lines = [
        f"# From a configuration of {found.tool}. Lines that say so need your hand; then `obs check`.",
        *(f"# Not carried over: {each}." for each in found.lost),
        f"model: {_text(model)}",
        f"task: {task}{'' if found.task else _note('it does not say')}",
        f"time_zone: UTC{_note('when your days begin')}",
        f"start: 2024-01-01{_note('the first night')}",
        "",
        *_logs(found, task),
        *_labels(found, task),
        "",
        "features:",
        *(f"  {_text(name)}: {{type: {kind}}}" for name, kind in found.features.items()),
        "",
        "baseline:",
        *_baseline(found.reference),
        "",
        f"windows: [{', '.join(map(str, sorted({1, *found.windows})))}]",
        "",
        "alerts:",
        "  - defaults",
        *(f"  - {_flow(rule)}" for rule in found.rules),
    ]
    return "\n".join(lines) + "\n"


def _logs(found: Carried, task: str) -> Iterator[str]:
    yield "logs:"
    yield from _place(
        found.logs, "logs/day={day}/*.parquet", "the files that services write, by day if you can"
    )
    if task == "binary_classification" and "prediction" not in found.roles:
        yield f"  threshold: 0.5{_note('from this score on it decides')}"
    yield "  columns:"
    output = "prediction" if task == "regression" else "score"
    for role in dict.fromkeys([*_UNKNOWN, *found.roles, output]):
        column = found.roles.get(role, "")
        why = "" if column else f"  # {_UNKNOWN.get(role, 'the configuration does not name it')}"
        yield f"    {role}: {_text(column or role)}{why}"


def _labels(found: Carried, task: str) -> Iterator[str]:
    known = definitions(task)
    asked = any(known[rule["metric"]].needs_labels for rule in found.rules if rule["metric"] in known)
    if not found.label and not asked:
        return
    yield from ("", "labels:")
    yield from _place(found.labels or found.logs, "labels/*.parquet", "where the truth comes in")
    yield f"  columns:\n    prediction_id: {_text(found.roles.get('prediction_id', 'prediction_id'))}"
    unknown = "" if found.label else "  # the configuration does not name it"
    yield f"    label: {_text(found.label or 'label')}{unknown}"
    if task == "binary_classification":
        yield f"  positive: 1{_note('the value of the positive class')}"
    yield f"  max_delay_days: 1{_note('how long labels are waited for')}"


def _baseline(reference: str) -> Iterator[str]:
    if "{version}" in reference:
        yield from ("  kind: training", *_place(reference, "", ""))
        return
    why = "it names no reference"
    if reference:
        why = (
            f"its reference was {reference}; with one a version, at a path with {{version}}, it is `training`"
        )
    yield f"  kind: rolling  # {why}"
    yield "  days: 28"


def _place(path: str, otherwise: str, what: str) -> list[str]:
    suffix = Path(path or otherwise).suffix.lower()
    source = _FORMATS.get(suffix, "parquet")
    return [f"  source: {source}", f"  path: {_text(path or otherwise)}{'' if path else _note(what)}"]


def _note(what: str) -> str:
    return f"  # {what}: look"


def _text(value: str) -> str:
    """A string as YAML has it, quoted where it needs to be."""
    import yaml

    return str(yaml.safe_dump(value, allow_unicode=True, width=10_000)).removesuffix("\n...\n").strip()


def _flow(rule: dict[str, Any]) -> str:
    import yaml

    return str(
        yaml.safe_dump(rule, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    ).strip()
