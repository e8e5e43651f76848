"""What an uplift model is: how much likelier a treatment makes the positive class, and who was treated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class Uplift:
    """A score that is higher for whom the treatment helps more, and whether each row was treated."""

    name = "uplift"
    title = "Uplift"
    roles = ("score", "treatment")
    truth: Truth = "class"

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The uplift that is expected, any number; and the treatment."""
        roles = monitor.logs.columns
        return (
            Output(roles.score or "", "number", "Uplift", leads=True),
            Output(roles.treatment or "", "decision", "Treatment"),
        )

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs a score and a treatment; its errors have no price."""
        yield from needs_role(document, "score", self.name)
        yield from needs_role(document, "treatment", self.name)
        yield from maps_only(document, self.roles, self.name)
        yield from prices_only(document, (), self.name)

    def sections(self, inputs: Mapping[str, Any], monitor: Monitor) -> Sequence[Section]:
        """The Qini curve, and what each tenth of the score gained."""
        from obs_dagster.tasks.uplift.sections import sections

        del monitor
        return sections(inputs[""])

    @property
    def outcomes(self) -> OutcomeTable:
        """Rows per score bin, treatment and label."""
        from obs_dagster.tasks.uplift.outcomes import OUTCOMES

        return OUTCOMES


TASK = Uplift()
