"""The champion: the version that others are held against, and what rules that name it watch."""

from __future__ import annotations

ALIAS = "@"
"""How an alias of MLflow's registry begins; without it, a champion is a version as the log has it."""

CHAMPION = "champion"
"""What rules call it."""

_SUFFIX = "_beside_champion"


def beside_champion(metric: str) -> str:
    """The metric that says how a version's metric differs from its champion's.

    >>> beside_champion("recall"), beside_champion("recall_beside_champion")
    ('recall_beside_champion', 'recall_beside_champion')
    """
    return metric if metric.endswith(_SUFFIX) else f"{metric}{_SUFFIX}"


def of_version(metric: str) -> str:
    """The metric of one version whose difference a metric tells; the metric itself if it tells none."""
    return metric.removesuffix(_SUFFIX)


def good_news(metric: str, direction: str) -> bool:
    """Whether a value on this side of a threshold says that a version is better than its champion.

    >>> good_news("recall_beside_champion", "above"), good_news("recall", "above")
    (True, False)
    """
    return metric.endswith(_SUFFIX) and direction == "above"
