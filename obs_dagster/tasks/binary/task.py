"""What binary classification is: a score or a decision, against a label of two classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import DECISION
from obs_dagster.monitor.costs import prices_only
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.roles import maps_only, needs_role
from obs_dagster.monitor.task import Derived, Output, Truth

if TYPE_CHECKING:
    from obs_dagster.tasks.outcomes import OutcomeTable
    from obs_dagster.tasks.sections import Section
    from obs_dagster.tasks.worst import Wrong


class BinaryClassification:
    """A probability of the positive class, and the decision that was made of it."""

    name = "binary_classification"
    title = "Binary classification"
    roles = ("score", "prediction")
    truth: Truth = "class"
    quality_page = "classification"
    block = "fairness"
    prices = ("false_positive", "false_negative")

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The score, and the decision: the log's own, or the score at or above the threshold."""
        roles = monitor.logs.columns
        score = roles.score or ""
        threshold = monitor.logs.threshold
        derived = Derived(f"{{0}} >= {threshold!r}", (score,), lambda value: value >= threshold)
        return (
            Output(score, "score", "Score", low=0.0, high=1.0, leads=True),
            Output(
                roles.prediction or DECISION,
                "decision",
                "Decision",
                required=False,
                derived=None if roles.prediction else derived,
            ),
        )

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs a score."""
        yield from needs_role(document, "score", self.name)
        yield from maps_only(document, self.roles, self.name)
        yield from prices_only(document, self.prices, self.name)

    def sections(self, inputs: Mapping[str, Any], monitor: Monitor) -> Sequence[Section]:
        """What errors would have cost at other thresholds, if they have prices."""
        from obs_dagster.tasks.binary.sections import sections

        return sections(inputs[""], monitor)

    def wrong(self, monitor: Monitor) -> Wrong | None:
        """How far the score is from the class that came true."""
        from obs_dagster.tasks.worst import numbers_apart

        score = monitor.logs.columns.score
        return numbers_apart(score, "Score") if score else None

    @property
    def outcomes(self) -> OutcomeTable:
        """Labelled predictions as counts per score bin, decision and label."""
        from obs_dagster.tasks.binary.outcomes import OUTCOMES

        return OUTCOMES


TASK = BinaryClassification()
