"""Why a stage failed, in the words of what failed."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from assets import graph
from obs_dagster.monitor import Monitor

#: What the modules' names begin with whose errors are written for the reader.
_OURS = ("obs_dagster.", f"{graph.__package__}.")


@dataclass(frozen=True, slots=True)
class StageFailure:
    """Why a stage failed, in a sentence or two; `details` has the traceback."""

    stage: str
    reason: str
    details: str


def stage_name(monitor: Monitor, step_key: str) -> str:
    """The stage of a step, as in the asset key."""
    return step_key.removeprefix(f"{monitor.model}__")


def stage_failure(monitor: Monitor, event: dg.DagsterEvent) -> StageFailure:
    """The failure that a STEP_FAILURE event tells of."""
    error = event.step_failure_data.error
    stage = stage_name(monitor, event.step_key or "")
    if error is None:
        return StageFailure(stage, "It failed without an exception.", "")
    # Dagster wraps what a stage raises; the reader wants the cause.
    cause = error.cause if error.cls_name == "DagsterExecutionStepExecutionError" and error.cause else error
    name, _, text = cause.message.strip().partition(": ")
    return StageFailure(
        stage, text if name.startswith(_OURS) and text else cause.message.strip(), error.to_string()
    )
