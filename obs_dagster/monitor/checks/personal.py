"""Personal data: what may be marked as such."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.checks.outline import mapped, roles
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem, dotted, quoted

_IDS = ("prediction_id", "trace_id", "request", "item")


def personal_columns_are_no_measures(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`logs.pii` names no column that is evaluated as it is: time, version, status, the model's outputs."""
    taken = {column: keys for keys, column in mapped(document, "logs") if keys[2] not in _IDS}
    taken.setdefault("version", ("logs", "columns", "version"))
    ids = {column for role, column in roles(document, "logs").items() if role in _IDS}
    for place, name in enumerate(document.items("logs", "pii")):
        if isinstance(name, str) and name in taken and name not in ids:
            message = (
                f"The column {quoted(name)} plays the role `{dotted(taken[name][2:])}`, which is evaluated "
                "as it is; if its values are personal, log something else for it."
            )
            yield document.problem(("logs", "pii", place), message)
