"""The effect of a roll-out that nights look for."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem

_NEEDED = {"label": "labels", "error": "labels", "cost": "costs"}


def effects_have_outcomes(document: Document, _: Surroundings) -> Iterator[Problem]:
    """An `effect` needs `labels`, and one on the cost of errors `costs`."""
    if document.value("effect") is None:
        return
    outcome = document.text("effect", "outcome") or "label"
    for needed in dict.fromkeys(("labels", _NEEDED.get(outcome, "labels"))):
        if document.value(needed) is None:
            message = f"The effect on the {outcome} needs `{needed}`, which the monitor does not have."
            yield document.problem(("effect",), message, at_key=True)
