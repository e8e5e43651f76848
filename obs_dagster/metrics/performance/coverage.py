"""How much of the truth is known."""

from __future__ import annotations

from typing import Protocol

from obs_dagster.metrics.default_rule import DefaultRule
from obs_dagster.metrics.definition import Definition
from obs_dagster.metrics.intervals import share
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate


class Labelled(Protocol):
    """What the outcomes of every task can say."""

    @property
    def n(self) -> int:
        """Predictions with a label."""

    @property
    def predictions(self) -> int:
        """Predictions, labelled or not."""


def _label_coverage(outcomes: Labelled) -> Estimate:
    return share(outcomes.n, outcomes.predictions, reason="no predictions")


METRICS = (
    Metric(
        Definition(
            name="label_coverage",
            id="label_coverage/1",
            family="performance",
            title="Label coverage",
            meaning="The share of predictions whose true value is known by now; n counts the predictions.",
            formula="labelled rows / predictions.",
            reference="a plain share of rows.",
            interval="Wilson",
            unit="share",
            better="higher",
            needs=("labels",),
            written="percent",
            shown=frozenset({"summary", "counts"}),
            rank=60,
            heading="Labels known so far",
            incident="labels",
            watched=(
                DefaultRule(
                    name="labels_missing",
                    below=0.5,
                    window=7,
                    for_nights=2,
                    min_rows=200,
                    settled=True,
                    summary="Half of the true values have not come in time, so nobody knows how "
                    "good the model is. Check the feed of labels.",
                    why="Some predictions never get a label, as those of cancelled orders; "
                    "half of them is a feed that fails. Days are judged once "
                    "`labels.max_delay_days` are over, so labels that are just late are "
                    "none.",
                ),
            ),
        ),
        _label_coverage,
        lambda given: hasattr(given, "predictions") and hasattr(given, "n"),
    ),
)
