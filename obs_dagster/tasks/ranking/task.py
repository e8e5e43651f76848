"""What ranking is: the items of a request in an order, against how relevant each was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.roles import maps_only, needs_role
from obs_dagster.monitor.task import Output, Truth

if TYPE_CHECKING:
    from obs_dagster.tasks.outcomes import OutcomeTable

_ROLES = ("score", "request", "item", "rank")


class Ranking:
    """Items that are ordered for a request; labels say how relevant each was, graded or 0 and 1."""

    name = "ranking"
    title = "Ranking"
    truth: Truth = "number"

    def outputs(self, monitor: Monitor) -> tuple[Output, ...]:
        """The score and the served position, of which one orders the items; the item; and the request."""
        roles = monitor.logs.columns
        found = []
        if roles.score:
            found.append(Output(roles.score, "number", "Score", required=not roles.rank, leads=True))
        if roles.rank:
            first = float(monitor.ranking.first_position)
            found.append(Output(roles.rank, "number", "Position", low=first, leads=not roles.score))
        found.append(Output(roles.item or "", "category", "Item"))
        found.append(Output(roles.request or "", "id", "Request"))
        return tuple(found)

    def problems(self, document: Document) -> Iterator[Problem]:
        """The log needs a request, an item, and a score or a position."""
        yield from needs_role(document, "request", self.name)
        yield from needs_role(document, "item", self.name)
        if document.value("logs", "columns", "rank") is None:
            yield from needs_role(document, "score", self.name)
        yield from maps_only(document, _ROLES, self.name)

    @property
    def outcomes(self) -> OutcomeTable:
        """Sums over requests, and counts per item."""
        from obs_dagster.tasks.ranking.outcomes import OUTCOMES

        return OUTCOMES


TASK = Ranking()
