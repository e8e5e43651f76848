"""The explanation of one version on one day, or why there is none; as records, and for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from obs_dagster.explain.scoring import Agreement, Scored
from obs_dagster.metrics.definition import About
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.model_check import ModelCheck
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family
from obs_dagster.monitor.model import Monitor


@dataclass(frozen=True, slots=True)
class VersionExplained:
    """The explanation of one version on one day, or why there is none.

    Attributes:
        rows: rows explained.
        drawn: rows that were drawn, and could have been explained.
        refused: rows of these that the registered model refused.
        refusal: what it said of the first of them; empty if it refused none.
        settled: whether sampling ended because the ranking of the features was known.
        metrics: the metrics of each feature by name.
        moved: metrics of how far the explanation is from that of the baseline's rows, and the rows from
            these.
        opinion: metrics of what other explainers say.
        cohorts: metrics of how far the explanation of a segment cell is from that on the baseline, by cell.
        worst: the cell that is furthest away for sure, with the features that moved there; empty if there is
            none.
        doubt: why no method explains the model rightly; empty if one does.
        pictures: the files that are drawn beside those of SHAP values, by name.
        told: why some could not be, and what is said of the segment where it is wrong most often.
        method, unit, base_value, residual: as `Explanation` has them.
        agreement: whether the registered model gives the logged scores; None if it could not be asked.
        reason: why there is no explanation; empty if there is one.
        by_class: of a model with several classes, the mean |SHAP value| of each feature for each class.
        wanted: whether the monitor asks for explanations at all.
    """

    version: str
    rows: int = 0
    drawn: int = 0
    refused: int = 0
    refusal: str = ""
    settled: bool = False
    metrics: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    moved: dict[str, Estimate] = field(default_factory=dict)
    opinion: dict[str, Estimate] = field(default_factory=dict)
    cohorts: dict[str, dict[str, Estimate]] = field(default_factory=dict)
    worst: str = ""
    doubt: str = ""
    pictures: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    method: str = ""
    unit: str = ""
    base_value: float | None = None
    residual: float | None = None
    agreement: Agreement | None = None
    reason: str = ""
    by_class: dict[str, dict[str, float]] = field(default_factory=dict)
    wanted: bool = True

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> VersionExplained:
        """From plain data, which may be anybody's.

        Raises:
            TypeError, AttributeError: it is none of these.
        """
        metrics = {str(feature): _estimates(each) for feature, each in document["metrics"].items()}
        agreement = document["agreement"]
        known = {
            "metrics": metrics,
            "moved": _estimates(document["moved"]),
            "opinion": _estimates(document["opinion"]),
            "cohorts": {str(cell): _estimates(each) for cell, each in document["cohorts"].items()},
            "agreement": Agreement(**agreement) if agreement else None,
            "pictures": tuple(map(str, document["pictures"])),
            "told": tuple(map(str, document["told"])),
        }
        return cls(**document | known)

    @property
    def score_difference(self) -> float | None:
        """The largest difference between the registered model's scores and the logged ones."""
        return None if self.agreement is None else self.agreement.largest

    def estimates(
        self, features: Iterable[str], wanted: Collection[str] | None = None
    ) -> dict[str, dict[str, Estimate]]:
        """The metrics by column, `""` for those of the model; without an explanation each with the reason.

        Args:
            features: the monitor's features: what an explanation would have been about.
            wanted: the metrics that the monitor has; left out, those that every monitor with a registry has.
        """
        if not self.wanted:
            return {}
        known = frozenset(explanation_metrics()) if wanted is None else frozenset(wanted)
        of_features = self.metrics or {name: self._missing("column", known) for name in features}
        of_model = self._missing("model", known) if self.reason else {}
        found = {**of_features, "": of_model | self.moved | self.opinion | self._checked()}
        return {
            column: {name: each for name, each in metrics.items() if name in known}
            for column, metrics in found.items()
        }

    def _missing(self, about: About, known: Collection[str]) -> dict[str, Estimate]:
        """The metrics about something, none with a value."""
        return {
            name: Estimate.missing(self.reason)
            for name, metric in family("explanation").items()
            if name in known and metric.definition.about == about
        }

    def _checked(self) -> dict[str, Estimate]:
        if self.agreement is None:
            return {}
        compared = self.agreement
        return evaluate(
            "explanation",
            ModelCheck(self.drawn, self.refused, compared.rows, compared.differing, compared.largest),
        )

    @property
    def remarks(self) -> list[str]:
        """What a reader of the explanation must know, in sentences without a full stop."""
        told = []
        if self.reason and self.wanted:
            told.append(f"Not explained: {self.reason}")
        if self.refused and not self.reason:
            told.append(f"{refusals(self.refused, self.drawn)} and left out ({self.refusal})")
        if self.agreement is not None and self.agreement.sentence:
            told.append(self.agreement.sentence)
        if self.doubt:
            told.append(f"No method explains the model rightly: SHAP values are of one that {self.doubt}")
        told += filter(None, [_far(self.moved.get("unlike_baseline_share")), self.worst, *self.told])
        return told


_FAR = 0.1
"""The share of rows unlike the baseline that is told of; 5 % are if nothing has changed."""


def _estimates(document: dict[str, Any]) -> dict[str, Estimate]:
    return {str(name): Estimate(**each) for name, each in document.items()}


def _far(unlike: Estimate | None) -> str:
    """Which part of the rows the model knows little of; empty if it is no larger than usual."""
    if unlike is None or unlike.value is None or unlike.low is None or unlike.low <= _FAR:
        return ""
    return (
        f"{_percent(unlike)} of the rows are further from the baseline than 95% of its own rows from each "
        "other: what is said of them rests on little that the model has seen"
    )


def refusals(refused: int, drawn: int) -> str:
    """How many rows the registered model refused.

    >>> refusals(1, 200)
    '1 of 200 rows was refused by the registered model'
    """
    verb = "was" if refused == 1 else "were"
    return f"{refused:,} of {drawn:,} rows {verb} refused by the registered model"


def explanation_metrics(monitor: Monitor | None = None, *, of_labels: bool = False) -> list[str]:
    """The metrics of explanations that a monitor has: those that follow from a day's rows, or from labels.

    Args:
        monitor: the monitor; left out, one that asks for SHAP values and nothing else.
        of_labels: whether those that labels decide.
    """
    has = monitor.has if monitor is not None else _PLAIN.__contains__
    return [
        name
        for name, metric in family("explanation", "" if monitor is None else monitor.task).items()
        if metric.definition.needs_labels == of_labels and all(map(has, metric.definition.needs))
    ]


_PLAIN = ("registry",)


def refused_whole(version: str, scored: Scored) -> VersionExplained:
    """A version of which the registered model refuses all rows."""
    drawn = len(scored.scores)
    return VersionExplained(
        version,
        drawn=drawn,
        refused=drawn,
        refusal=scored.why,
        agreement=Agreement(0, 0, None, None),
        reason=f"the registered model refuses all {drawn:,} rows ({scored.why})",
    )


COLUMNS = (
    "version",
    "rows",
    "ranking",
    "method",
    "top features",
    "like the baseline's",
    "LIME agrees",
    "unlike rows",
    "remarks",
    "additivity residual",
    "score difference",
)


def summary_table(explained: Sequence[VersionExplained]) -> list[dict[str, Any]]:
    """One line per version, for people, with `COLUMNS`."""
    return [
        {
            "version": each.version,
            "rows": f"{each.rows:,} of {each.drawn:,} drawn" if each.drawn else "0",
            "ranking": "" if each.reason else "settled" if each.settled else "not settled",
            "method": each.method,
            "top features": ", ".join(_top(each)) or each.reason,
            "like the baseline's": _alike(each.moved.get("shap_ndcg")),
            "LIME agrees": _share_told(each.opinion.get("lime_sign_agreement")),
            "unlike rows": _share_told(each.moved.get("unlike_baseline_share")),
            "remarks": "; ".join(each.remarks),
            "additivity residual": each.residual,
            "score difference": each.score_difference,
        }
        for each in explained
    ]


def _top(explained: VersionExplained, count: int = 5) -> list[str]:
    """The most important features, each with its share of the attribution and the interval of it."""
    shares = {feature: metrics["shap_share"] for feature, metrics in explained.metrics.items()}
    ranked = sorted(shares.items(), key=lambda item: -(item[1].value or 0.0))
    return [f"{feature} {_percent(share)}" for feature, share in ranked[:count]]


def _alike(ranking: Estimate | None) -> str:
    """How alike the ranking of features is to that on the baseline."""
    if ranking is None or ranking.value is None:
        return f"({ranking.reason})" if ranking else ""
    if ranking.low is None or ranking.high is None:
        return f"{ranking.value:.2f}"
    return f"{ranking.value:.2f} ({ranking.low:.2f} to {ranking.high:.2f})"


def _share_told(share: Estimate | None) -> str:
    return "" if share is None else _percent(share)


def _percent(share: Estimate) -> str:
    if share.value is None:
        return f"({share.reason})"
    if share.low is None or share.high is None:
        return f"{share.value:.0%}"
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"
