"""What multiclass classification is: one of several classes, with a score for each or without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from obs_dagster.lake.columns import DECISION
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.task import Output, Total, Truth

if TYPE_CHECKING:
    from obs_dagster.tasks.outcomes import OutcomeTable
    from obs_dagster.tasks.sections import Section
    from obs_dagster.tasks.worst import Wrong


class MulticlassClassification:
    """A probability of each class, the class that was predicted, or both."""

    name = "multiclass_classification"
    title = "Multiclass classification"
    roles = ("scores", "prediction")
    truth: Truth = "name"
    block = "multiclass"
    quality_page = "multiclass"
    prices = ("wrong",)

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The predicted class, the log's own or the one with the highest score; and the score of each."""
        from obs_dagster.tasks.multiclass.scores import classes_of, highest, score_columns, unpacked

        served, scores = monitor.logs.columns.prediction, unpacked(monitor)
        columns = score_columns(monitor)
        return (
            Output(
                served or DECISION,
                "category",
                "Predicted class",
                required=not scores,
                allowed=classes_of(monitor),
                leads=True,
                derived=None if served else highest(monitor),
            ),
            *(
                Output(columns[name], "score", f"Score of {name}", low=0.0, high=1.0, derived=derived)
                for name, derived in scores.items()
            ),
        )

    def totals(self, monitor: Monitor) -> tuple[Total, ...]:
        """The scores sum to 1."""
        from obs_dagster.tasks.multiclass.scores import score_columns, slack

        columns, off = tuple(score_columns(monitor).values()), slack(monitor)
        rule = f"the scores do not sum to 1 within {monitor.multiclass.tolerance:g}"
        return (Total(columns, 1 - off, 1 + off, rule),) if columns else ()

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs scores or predictions, and classes to name them by."""
        from obs_dagster.tasks.multiclass.problems import problems

        yield from problems(document, self.roles, self.prices)

    def compared_sections(
        self, inputs: Mapping[str, Any], baseline: Mapping[str, Any], monitor: Monitor
    ) -> Sequence[Section]:
        """The confusion matrix, the worst classes and the most confused pairs."""
        from obs_dagster.tasks.multiclass.sections import sections

        del monitor
        return sections(inputs[""], baseline.get(""))

    def classes(self, document: Document) -> Sequence[str] | None:
        """The declared classes, as far as the document names them."""
        from obs_dagster.tasks.multiclass.problems import declared

        return declared(document) or None

    def wrong(self, monitor: Monitor) -> Wrong | None:
        """How small the score of the class is that came true."""
        from obs_dagster.tasks.multiclass.worst import wrong

        return wrong(monitor)

    @property
    def outcomes(self) -> OutcomeTable:
        """The confusion matrix, and counts by score."""
        from obs_dagster.tasks.multiclass.outcomes import OUTCOMES

        return OUTCOMES


TASK = MulticlassClassification()
