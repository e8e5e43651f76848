"""What regression is: a number, against the number that came true."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from obs_dagster.monitor.costs import prices_only
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.roles import maps_only, needs_role
from obs_dagster.monitor.task import Output, Truth

if TYPE_CHECKING:
    from obs_dagster.tasks.outcomes import OutcomeTable
    from obs_dagster.tasks.sections import Section
    from obs_dagster.tasks.worst import Wrong


class Regression:
    """A predicted number, and where the log has them an interval and quantiles of it."""

    name = "regression"
    title = "Regression"
    roles = ("prediction", "interval", "quantiles")
    truth: Truth = "number"
    quality_page = "regression"
    prices = ("unit",)

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The prediction, the ends of its interval and its quantiles by ascending level; each column once."""
        roles = monitor.logs.columns
        found = {roles.prediction or "": Output(roles.prediction or "", "number", "Prediction", leads=True)}
        for name, title in zip(roles.interval or (), ("Lower end", "Upper end"), strict=False):
            found.setdefault(name, Output(name, "number", title, required=False))
        for level, name in sorted(roles.quantiles.items()):
            found.setdefault(name, Output(name, "number", f"Quantile {level:g}", required=False))
        return tuple(found.values())

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs a prediction; a level has one quantile."""
        yield from needs_role(document, "prediction", self.name)
        yield from maps_only(document, self.roles, self.name)
        yield from prices_only(document, self.prices, self.name)
        keys = ("logs", "columns", "quantiles")
        taken: dict[float, str] = {}
        for written in document.mapping(*keys) or {}:
            with suppress(ValueError):
                other = taken.setdefault(float(written), written)
                if other != written:
                    message = f"The level {written} is {other} once more."
                    yield document.problem((*keys, written), message, at_key=True)

    def sections(self, inputs: Mapping[str, Any], monitor: Monitor) -> Sequence[Section]:
        """Predicted against actual, and what the predicted quantiles are worth."""
        from obs_dagster.tasks.regression.sections import sections

        return sections(inputs, monitor)

    def wrong(self, monitor: Monitor) -> Wrong | None:
        """How far the prediction is from the number that came true."""
        from obs_dagster.tasks.worst import numbers_apart

        prediction = monitor.logs.columns.prediction
        return numbers_apart(prediction, "Prediction") if prediction else None

    @property
    def outcomes(self) -> OutcomeTable:
        """Labelled predictions as sums of errors, and counts by bin of prediction and error."""
        from obs_dagster.tasks.regression.outcomes import OUTCOMES

        return OUTCOMES


TASK = Regression()
