"""What an unlabelled model is: it puts out a number, a name or both, and there is no ground truth."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.costs import prices_only
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.roles import maps_only
from obs_dagster.monitor.task import Output, Truth


class Unlabelled:
    """A score that is any number, as of anomalies, and a name, as of a cluster; at least one of them."""

    name = "unlabelled"
    title = "Without ground truth"
    roles = ("score", "prediction")
    truth: Truth | None = None
    outcomes = None

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The score and what was predicted, as far as the log has them."""
        roles = monitor.logs.columns
        found = []
        if roles.score:
            found.append(Output(roles.score, "number", "Score", leads=True))
        if roles.prediction:
            found.append(Output(roles.prediction, "category", "Prediction", leads=not roles.score))
        return tuple(found)

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs a score or a prediction, and there are no labels."""
        columns = document.mapping("logs", "columns") or {}
        if columns.get("score") is None and columns.get("prediction") is None:
            message = f"The key `score` or `prediction` is missing: {self.name} needs one of them."
            yield document.problem(("logs", "columns"), message, at_key=True)
        yield from prices_only(document, (), self.name)
        if document.value("labels") is not None:
            message = "A model of the task `unlabelled` has no labels: remove them, or name another task."
            yield document.problem(("labels",), message, at_key=True)
        yield from maps_only(document, self.roles, self.name)


TASK = Unlabelled()
