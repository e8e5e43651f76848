"""What ranking is: the items of a request in an order, against how relevant each was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from obs_dagster.monitor.costs import prices_only
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.model import Monitor
from obs_dagster.monitor.problem import Problem
from obs_dagster.monitor.ranking import Ranking as Options
from obs_dagster.monitor.roles import maps_only, needs_role
from obs_dagster.monitor.task import Output, Truth

if TYPE_CHECKING:
    from obs_dagster.tasks.outcomes import OutcomeTable
    from obs_dagster.tasks.sections import Section
    from obs_dagster.tasks.worst import Wrong


class Ranking:
    """Items that are ordered for a request; labels say how relevant each was, graded or 0 and 1."""

    name = "ranking"
    title = "Ranking"
    roles = ("score", "request", "item", "rank")
    truth: Truth = "number"
    block = "ranking"
    quality_page = "ranking"
    prices = ()

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
        if all(document.value("logs", "columns", role) is None for role in ("score", "rank")):
            message = f"The key `score` or `rank` is missing: {self.name} needs one of them."
            yield document.problem(("logs", "columns"), message, at_key=True)
        yield from maps_only(document, self.roles, self.name)
        yield from prices_only(document, self.prices, self.name)
        cutoffs = document.items("ranking", "at")
        for place, k in enumerate(cutoffs):
            if k in cutoffs[:place]:
                yield document.problem(("ranking", "at", place), f"The cut-off {k} is listed twice.")

    def classes(self, document: Document) -> list[str] | None:
        """The cut-offs, as records name them."""
        if document.value("ranking", "at") is None:
            return [f"top{k}" for k in Options().at]
        cutoffs = document.items("ranking", "at")
        return [f"top{k}" for k in cutoffs] or None

    def sections(self, inputs: Mapping[str, Any], monitor: Monitor) -> tuple[Section, ...]:
        """Every cut-off beside the others, and how relevant each place was."""
        from obs_dagster.tasks.ranking.sections import sections

        return sections(inputs, monitor)

    def wrong(self, monitor: Monitor) -> Wrong | None:
        """How far down a relevant item is."""
        from obs_dagster.tasks.ranking.worst import wrong

        return wrong(monitor)

    @property
    def outcomes(self) -> OutcomeTable:
        """Sums over requests, and counts per item."""
        from obs_dagster.tasks.ranking.outcomes import OUTCOMES

        return OUTCOMES


TASK = Ranking()
