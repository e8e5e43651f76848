"""What evaluations in spans say of a component: of judges, of people, or of code."""

from __future__ import annotations

from dataclasses import replace

from obs_dagster.metrics.components.definition import COMPONENT
from obs_dagster.metrics.components.usage import Evaluated, of_evaluated
from obs_dagster.metrics.metric import Metric
from obs_dagster.metrics.record import Estimate


def _score(given: Evaluated) -> Estimate:
    return given.scores.score()


METRICS = (
    Metric(
        replace(
            COMPONENT,
            name="component_score",
            id="component_score/1",
            title="Evaluations of a component",
            meaning="What evaluations that spans carry say on average, by component and by what they judge "
            "(`retriever search: relevance`); of a request as a whole it is `request: helpfulness`. Which "
            "values are good says who evaluates.",
            formula="sum of scores / evaluations; a label that says yes, true, pass or correct is 1, one "
            "that says no, false, fail or incorrect 0, and another is no evaluation.",
            reference="`numpy.mean`.",
            interval="normal: the standard error of the mean",
            unit="",
            counts="evaluations",
            tally=False,
            noun="score",
            written="number",
        ),
        _score,
        of_evaluated,
    ),
)
