"""The explanation of one version on one day, or why there is none; as records, and for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from obs_dagster.explain.scoring import Agreement, Scored
from obs_dagster.metrics.definition import About
from obs_dagster.metrics.evaluation import evaluate
from obs_dagster.metrics.explanation.model_check import ModelCheck
from obs_dagster.metrics.record import Estimate
from obs_dagster.metrics.registry import family


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
        moved: metrics of how far the explanation is from that of the baseline's rows.
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
        metrics = {
            str(feature): {str(name): Estimate(**each) for name, each in of_feature.items()}
            for feature, of_feature in document["metrics"].items()
        }
        agreement = document["agreement"]
        moved = {str(name): Estimate(**each) for name, each in document["moved"].items()}
        known = {
            "metrics": metrics,
            "moved": moved,
            "agreement": Agreement(**agreement) if agreement else None,
        }
        return cls(**document | known)

    @property
    def score_difference(self) -> float | None:
        """The largest difference between the registered model's scores and the logged ones."""
        return None if self.agreement is None else self.agreement.largest

    def estimates(self, features: Iterable[str]) -> dict[str, dict[str, Estimate]]:
        """The metrics by column, `""` for those of the model; without an explanation each with the reason.

        Args:
            features: the monitor's features: what an explanation would have been about.
        """
        if not self.wanted:
            return {}
        of_features = self.metrics or {name: self._missing("column") for name in features}
        return {**of_features, "": self._of_model()}

    def _missing(self, about: About) -> dict[str, Estimate]:
        """The metrics about something, none with a value."""
        return {
            name: Estimate.missing(self.reason)
            for name, metric in family("explanation").items()
            if metric.definition.about == about
        }

    def _of_model(self) -> dict[str, Estimate]:
        found = self._missing("model") | self.moved
        if self.agreement is not None:
            compared = self.agreement
            found |= evaluate(
                "explanation",
                ModelCheck(self.drawn, self.refused, compared.rows, compared.differing, compared.largest),
            )
        return found

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
        return told


def refusals(refused: int, drawn: int) -> str:
    """How many rows the registered model refused.

    >>> refusals(1, 200)
    '1 of 200 rows was refused by the registered model'
    """
    verb = "was" if refused == 1 else "were"
    return f"{refused:,} of {drawn:,} rows {verb} refused by the registered model"


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


def _percent(share: Estimate) -> str:
    if share.value is None:
        return f"({share.reason})"
    if share.low is None or share.high is None:
        return f"{share.value:.0%}"
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"
