"""How right versions probably are by rows of the baseline like those of now, where rules ask for it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from obs_dagster.baselines.stored import version_folder
from obs_dagster.estimate.likeness import Likeness
from obs_dagster.evaluation.day_rows import compared_features
from obs_dagster.evaluation.estimated import Estimated
from obs_dagster.evaluation.labelled_rows import labelled_rows, window_rows
from obs_dagster.evaluation.night import Night
from obs_dagster.evaluation.recording import seed
from obs_dagster.evaluation.windows import Window, window_days
from obs_dagster.lake.columns import DAY
from obs_dagster.lake.lake import read_json, write_json
from obs_dagster.metrics.asked import asked_of
from obs_dagster.metrics.estimate import ADAPTED
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.multivariate.samples import Samples
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.tasks.outcomes import AdaptsEstimates, Expecting, OutcomeProfile, OutcomeTable, Taught
from obs_dagster.telemetry.traces import span

_LEARNED, _LAYOUT = "adapted.json", 1
"""What was learned of a baseline's rows, beside its profile."""


def adapted_names(monitor: Monitor, column: str = "") -> set[str]:
    """The metrics that are adapted, of the model as a whole or of a class.

    None unless a rule asks for them, which it does by watching one.
    """
    known = {name: metric.definition for name, metric in family("estimate", monitor.task).items()}
    asked = asked_of(monitor, known)
    return {
        name
        for name, each in known.items()
        if name in asked and each.asked_with == ADAPTED and (each.about == "model") == (not column)
    }


def version_adaptations(
    night: Night,
    day: dt.date,
    kind: OutcomeTable,
    of: tuple[str, Sequence[Window[OutcomeProfile]]],
    calibration: Any,
) -> Iterator[Estimated]:
    """Quality before labels of all rows of a version, over every window.

    Args:
        night: what it is evaluated with.
        day: the day.
        kind: what the task counts.
        of: the version, and the windows that end on the day.
        calibration: what the version's baseline teaches.
    """
    monitor, names, (version, windows) = night.monitor, adapted_names(night.monitor), of
    if not names or monitor.labels is None or not isinstance(kind, AdaptsEstimates):
        return
    complete = day - dt.timedelta(days=monitor.labels.max_delay_days)
    with span("adapt estimates", day=str(day)):
        rows = None if calibration.refused else labelled_rows(night, version, day, complete)
        for window in windows:
            given = Expecting(WHOLE, window.days, seed(monitor.model, version, WHOLE, day))
            days = window_days(night.outcomes, day, max(window.lengths))
            now = None if calibration.refused else window_rows(night, version, days)
            taught, reason = _taught(night, version, rows, now)
            if taught is None:
                why = calibration.refused or reason
                yield Estimated(WHOLE, "", window, {name: Estimate.missing(why) for name in sorted(names)})
                continue
            learned = kind.adapted(calibration, taught, monitor)
            found = evaluate("estimate", taught.likeness, task=monitor.task, only=names)
            for _, expected in kind.expected(window.profile.cell(version, WHOLE), learned, monitor, given):
                found |= evaluate("estimate", expected, task=monitor.task, only=names)
            yield Estimated(WHOLE, "", window, found)


def _taught(
    night: Night, version: str, rows: pa.Table | None, now: pa.Table | None
) -> tuple[Taught | None, str]:
    """Rows of both sides, or why there are none to be held against each other."""
    monitor = night.monitor
    needed = {each.column for each in outputs(monitor) if each.required and each.kind != "id"}
    if rows is None or not needed <= {*rows.column_names}:
        return None, "no rows of the baseline are kept with their labels"
    if now is None:
        return None, "no rows of the window are kept"
    features = {name: each for name, each in compared_features(monitor).items() if name in rows.column_names}
    if not features:
        return None, "no features that rows are kept with"
    numbers = [name for name, feature in features.items() if feature.numeric]
    categories = [name for name in features if name not in numbers]
    drawn = seed(monitor.model, version, "adapted")
    samples = Samples(numbers, categories, rows, now, drawn)
    _, day = np.unique([each or "" for each in rows[DAY].to_pylist()], return_inverse=True)
    remembered = partial(_remembered, version_folder(monitor, version, night.lake) / _LEARNED, rows)
    return Taught(samples, day.astype(np.int64), Likeness.of(samples), drawn, remembered), ""


def _remembered(path: Path, rows: pa.Table, learn: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """What was learned of rows of a baseline, once for the same rows."""
    made_of = f"{_LAYOUT} {hashlib.sha256(rows_as_bytes(rows)).hexdigest()}"
    held = read_json(path) or {}
    if held.get("made_of") != made_of:
        held = {"made_of": made_of, "learned": learn()}
        write_json(path, held)
    found: Mapping[str, Any] = held["learned"]
    return found


def rows_as_bytes(rows: pa.Table) -> memoryview:
    """All values of some rows, as a stream of Arrow's."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows.combine_chunks())
    return memoryview(sink.getvalue())
