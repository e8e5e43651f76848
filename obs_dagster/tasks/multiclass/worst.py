"""Which predictions of a class were most wrong: the class that came true had hardly a score."""

from __future__ import annotations

from obs_dagster.lake.columns import LABEL
from obs_dagster.lake.quoting import identifier, literal
from obs_dagster.monitor.model import Monitor
from obs_dagster.profile.columns import prediction_column
from obs_dagster.tasks.multiclass.scores import score_columns
from obs_dagster.tasks.worst import Wrong


def wrong(monitor: Monitor) -> Wrong:
    """One minus the score of the label's class; without scores, whether another one was predicted."""
    predicted, scores = prediction_column(monitor), score_columns(monitor)
    said = (
        f"'predicted ' || coalesce(CAST({identifier(predicted)} AS VARCHAR), 'none') || ', label ' || {LABEL}"
    )
    if not scores:
        return Wrong(
            off=f"CASE WHEN CAST({identifier(predicted)} AS VARCHAR) <> {LABEL} THEN 1.0 ELSE 0.0 END",
            told=said,
            needs=(predicted,),
        )
    cases = " ".join(f"WHEN {literal(name)} THEN {identifier(column)}" for name, column in scores.items())
    own = f"CAST(CASE {LABEL} {cases} ELSE 0.0 END AS DOUBLE)"
    return Wrong(
        off=f"1.0 - {own}",
        told=f"{said} || format(' of score {{:.3g}}', {own})",
        needs=(predicted, *scores.values()),
    )
