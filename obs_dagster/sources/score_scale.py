"""Probabilities that are written in another way: in percent, or as log-odds."""

from __future__ import annotations

from obs_dagster.monitor.data import Scale
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.task import outputs

#: Beyond it a probability is 0 or 1 in floats.
_MOST_LOG_ODDS = 700
_PERCENT, _LOG_ODDS = 100.0, 30.0


def probabilities(monitor: Monitor) -> frozenset[str]:
    """The columns of a log that hold probabilities."""
    return frozenset(each.column for each in outputs(monitor) if each.kind == "score")


def as_probability(value: str, scale: Scale) -> str:
    """SQL for a probability.

    Args:
        value: SQL for it as it is written, of type DOUBLE.
        scale: how that is.
    """
    if scale == "percent":
        return f"({value}) / 100"
    if scale == "log_odds":
        bounded = f"greatest(least({value}, {_MOST_LOG_ODDS}), -{_MOST_LOG_ODDS})"
        # infinity is certain, and NaN is none
        return f"CASE WHEN isnan({value}) THEN {value} ELSE 1 / (1 + exp(-({bounded}))) END"
    return value


def recognised_scale(low: float, high: float) -> Scale | None:
    """The scale of probabilities by the least and the greatest of some; None if these are of none.

    Log-odds are on both sides of 0, and none of a model is beyond 30: a probability of one in 10^13.

    >>> recognised_scale(0.02, 0.97), recognised_scale(0.4, 98.0), recognised_scale(-4.2, 3.1)
    ('probability', 'percent', 'log_odds')
    >>> recognised_scale(0, 5000), recognised_scale(-80, 3)
    (None, None)
    """
    if low >= 0 and high <= 1:
        return "probability"
    if low >= 0 and high <= _PERCENT:
        return "percent"
    return "log_odds" if -_LOG_ODDS <= low < 0 and high <= _LOG_ODDS else None
