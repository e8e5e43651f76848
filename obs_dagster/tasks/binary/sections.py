"""What people see of a classifier's decisions at other thresholds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from obs_dagster.figures import decimal
from obs_dagster.metrics.record import Estimate
from obs_dagster.monitor.model import Monitor
from obs_dagster.tasks.binary.metrics.outcomes import Outcomes
from obs_dagster.tasks.binary.thresholds import AtThreshold, Best, Thresholds
from obs_dagster.tasks.sections import Curve, CurvePoint, Section

_POINTS = 40


def sections(outcomes: Outcomes, monitor: Monitor) -> tuple[Section, ...]:
    """The cost of errors by threshold, if they have prices; for the health page.

    Args:
        outcomes: of one version.
        monitor: has the prices.
    """
    if monitor.costs is None:
        return ()
    thresholds = Thresholds(outcomes.counts, outcomes.costs)
    return (cost_curve(thresholds, monitor),) if thresholds.priced else ()


def cost_curve(thresholds: Thresholds, monitor: Monitor) -> Curve:
    """What errors would have cost per row at each threshold, and where least."""
    best = thresholds.best()
    note = ""
    if best is not None:
        note = (
            f"least at {decimal(best.threshold)}; from {decimal(best.low)} to {decimal(best.high)} it is as "
            f"good as that. Served: {decimal(thresholds.served().cost.value or 0.0)}{_of(monitor)} a row"
        )
    return _curve(thresholds, "Cost of errors by threshold", f"cost per row{_of(monitor)}", _cost, note)


def curves(thresholds: Thresholds, monitor: Monitor) -> tuple[Curve, ...]:
    """All that depends on the threshold."""
    found = [
        _curve(thresholds, "Precision by threshold", "precision", lambda each: each.precision),
        _curve(thresholds, "Recall by threshold", "recall", lambda each: each.recall),
        _curve(thresholds, "Called positive by threshold", "share of rows", lambda each: each.positive_share),
    ]
    return (cost_curve(thresholds, monitor), *found) if thresholds.priced else tuple(found)


def _cost(each: AtThreshold) -> Estimate:
    return each.cost


def _curve(
    thresholds: Thresholds, title: str, told: str, of: Callable[[AtThreshold], Estimate], note: str = ""
) -> Curve:
    points = []
    for threshold in _spread(thresholds):
        found = of(thresholds.at(threshold))
        if found.value is not None:
            points.append(CurvePoint(threshold, found.value, found.low, found.high, found.n))
    return Curve(title, "threshold", told, points, note=note)


def _spread(thresholds: Thresholds) -> Sequence[float]:
    """Thresholds from the lowest to the highest that says something, evenly apart."""
    usual = thresholds.usual()
    if len(usual) < 2:  # noqa: PLR2004  one point is no curve
        return usual
    step = (usual[-1] - usual[0]) / (_POINTS - 1)
    return [usual[0] + step * place for place in range(_POINTS)]


def _of(monitor: Monitor) -> str:
    return f" {monitor.costs.currency}" if monitor.costs and monitor.costs.currency else ""


def best_told(served: AtThreshold, best: Best | None, monitor: Monitor) -> list[str]:
    """In words what was served, and where errors would have cost least."""
    of = _of(monitor)
    lines = [
        f"Served: precision {_said(served.precision)}, recall {_said(served.recall)}"
        + ("" if served.cost.value is None else f", cost {_said(served.cost)}{of} a row")
        + "."
    ]
    if best is None:
        return lines
    same = f" Only below {decimal(best.low)} and above {decimal(best.high)} it is sure to be more."
    lines.append(f"Errors cost least at {decimal(best.threshold)}: {_said(best.cost)}{of} a row.{same}")
    if best.saving.value is None:
        lines.append(f"What it would save can't be said: it takes {best.saving.reason}.")
    elif (best.saving.low or 0.0) > 0:
        lines.append(
            f"It saves {_said(best.saving)}{of} a row against what was served, tried on days that did not "
            "choose it."
        )
    else:
        lines.append(
            f"No saving is certain against what was served ({_said(best.saving)}{of} a row, tried on days "
            "that did not choose it)."
        )
    return lines


def _said(found: Estimate) -> str:
    if found.value is None:
        return "not known"
    if found.low is None or found.high is None:
        return _number(found.value)
    return f"{_number(found.value)} [{_number(found.low)}, {_number(found.high)}]"


def _number(value: float) -> str:
    return f"-{decimal(-value)}" if value < 0 else decimal(value)
