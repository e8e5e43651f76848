"""The columns of the log."""

from __future__ import annotations

from obs_dagster.causes.component import Component
from obs_dagster.causes.signal import Signal

_METRICS = ("schema_events", "broken_columns", "schema_changes")

COMPONENT = Component(
    name="schema",
    stage=4,
    title="schema",
    trouble="changed columns",
    metrics=frozenset(_METRICS),
    signals=tuple(Signal(each, least=0.5, of="log") for each in _METRICS[:2]),
)
