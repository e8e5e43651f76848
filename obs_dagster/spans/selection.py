"""Which requests are meant: those that begin on a day, with a span of one of the names asked for."""

from __future__ import annotations

from dataclasses import dataclass

from obs_dagster.monitor.system import Components
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.requests import Requests, Spans


@dataclass(frozen=True, slots=True)
class Selected:
    """The requests of a day.

    Attributes:
        asked: what the monitor says of spans.
        begin, end: of the day, in nanoseconds since 1970: a request is of the day on which it begins, however
            long it takes.
    """

    asked: Components
    begin: int
    end: int

    def keeps(self, found: Requests, spans: Spans, wanted: Flags) -> Flags:
        """Which requests are meant, shape (requests,).

        Args:
            found: the requests.
            spans: what they are made of.
            wanted: whether each span has a name that requests begin with.
        """
        roots = found.kept[found.roots]
        began = spans.began[roots]
        here: Flags = (began >= self.begin) & (began < self.end) & wanted[roots]
        return here
