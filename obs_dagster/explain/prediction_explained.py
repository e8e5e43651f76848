"""What is told of one prediction: what moved it, what it is like, and what would have changed it."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any

from obs_dagster.explain.counterfactual import Change, Counterfactual


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a feature adds to the model's output.

    Attributes:
        feature: its name.
        value: what the row has; None where it is missing.
        contribution: its SHAP value, in the unit of the explanation.
    """

    feature: str
    value: object
    contribution: float


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A row of the baseline that is like the prediction's.

    Attributes:
        distance: 0 (equal) to 1; see `Neighbourhood`.
        score: what the model says of it.
        decision: what follows; empty for a number.
        features: what the row has, by feature.
    """

    distance: float
    score: float
    decision: str
    features: dict[str, object]


@dataclass(frozen=True, slots=True)
class PredictionExplained:
    """Why a model said of one row what it said.

    Attributes:
        model, version, day, prediction_id: which prediction it is.
        output: what the model puts out, as people read it.
        logged: what the log has of that; None if it has none.
        score: what the registered model says of the row; of several classes, of the one that it chooses.
        decision: what follows; empty for a number.
        unit, method, base_value, residual: as `Explanation` has them.
        contributions: of every feature, the largest first.
        background: what stands for "nothing is known": `baseline`, or `day` where there is none.
        unlike: the share of the background's rows that are nearer to another one of them than the row is.
        nearest: the rows of the background most like it.
        counterfactual: what would have had to be different for another decision.
        remarks: what a reader must know, each a sentence.
    """

    model: str
    version: str
    day: dt.date
    prediction_id: str
    output: str
    logged: object
    score: float
    decision: str
    unit: str
    method: str
    base_value: float
    residual: float
    contributions: tuple[Contribution, ...]
    background: str
    unlike: float
    nearest: tuple[Neighbour, ...]
    counterfactual: Counterfactual
    remarks: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"day": self.day.isoformat()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> PredictionExplained:
        """From plain data, which may be anybody's.

        Raises:
            TypeError, KeyError, ValueError: it is none of these.
        """
        other = document["counterfactual"]
        changes = tuple(Change(**each) for each in other["changes"])
        return cls(
            **document
            | {
                "day": dt.date.fromisoformat(document["day"]),
                "contributions": tuple(Contribution(**each) for each in document["contributions"]),
                "nearest": tuple(Neighbour(**each) for each in document["nearest"]),
                "counterfactual": Counterfactual(**other | {"changes": changes}),
                "remarks": tuple(str(each) for each in document["remarks"]),
            }
        )
