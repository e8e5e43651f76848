"""What is said of one prediction, in sentences that a terminal and a page share."""

from __future__ import annotations

from obs_dagster.explain.prediction_explained import Contribution, PredictionExplained


def said(found: PredictionExplained) -> str:
    """What the model said.

    >>> shown(0.12345), shown(None), shown("AA")
    ('0.1235', 'missing', 'AA')
    """
    decided = f": {found.decision}" if found.decision else ""
    return f"{found.output} {found.score:.4g}{decided}"


def moved(found: PredictionExplained) -> str:
    """How to read the contributions."""
    total = found.base_value + sum(each.contribution for each in found.contributions)
    return (
        f"Where nothing is known the output is {found.base_value:.4g} {found.unit}; the features move it to "
        f"{total:.4g}."
    )


def method(found: PredictionExplained) -> str:
    """How the contributions were found, and how far they are from adding up."""
    return f"{found.method}; off by {found.residual:.2g} from adding up to the output."


def unlike(found: PredictionExplained) -> str:
    """How much of what the model knows is like it."""
    whose = "baseline" if found.background == "baseline" else "day"
    return f"{found.unlike:.0%} of the {whose}'s rows have a nearer neighbour than this one has."


def otherwise(found: PredictionExplained) -> list[str]:
    """What would have had to be different, a line for each feature."""
    other = found.counterfactual
    if other.reason:
        return [f"No change that leads to another decision: {other.reason}."]
    return [f"{each.feature}: {shown(each.other)} instead of {shown(each.value)}" for each in other.changes]


def otherwise_heading(found: PredictionExplained) -> str:
    """What the changes lead to."""
    other = found.counterfactual
    if other.reason or other.score is None:
        return "What would have changed the decision"
    return f"It would be {other.name} ({other.score:.4g}) with"


def direction(each: Contribution) -> str:
    """A contribution with its sign."""
    return f"{each.contribution:+.4g}"


def shown(value: object) -> str:
    """A value of a row, as people read it."""
    if value is None:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
