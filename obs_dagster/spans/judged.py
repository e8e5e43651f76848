"""The evaluations of a day's spans, by the span that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from obs_dagster.lake.quoting import literals
from obs_dagster.metrics.components.usage import SCORE
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.scores import value

if TYPE_CHECKING:
    import duckdb

#: Things that are judged on a day: those that are most often.
_MOST = 20


@dataclass(frozen=True, slots=True)
class Scores:
    """Evaluations, those of a span in a row; an evaluation that stands twice at a span counts once.

    Attributes:
        names: what is judged.
        span: the key of the span of each, ascending; shape (evaluations,).
        name: which of the names, shape (evaluations,).
        score: shape (evaluations,).
        whole: whether it is about the request, shape (evaluations,).
    """

    names: Sequence[str]
    span: IntArray
    name: IntArray
    score: FloatArray
    whole: Flags

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> Scores:
        """The evaluations of the table `spans`; what has neither a number nor a yes or no is left out."""
        number = value("each.score", "each.label")
        connection.execute(
            f"CREATE TEMP TABLE judged AS SELECT DISTINCT id, each.name AS name, {number} AS score, "
            "each.whole AS whole FROM (SELECT id, unnest(scored) AS each FROM spans) "
            f"WHERE each.name IS NOT NULL AND {number} IS NOT NULL"
        )
        names = [
            name
            for (name,) in connection.sql(
                f"SELECT name FROM judged GROUP BY name ORDER BY count(*) DESC, name LIMIT {_MOST}"
            ).fetchall()
        ]
        listed = literals(names) if names else "['']"
        rows = connection.sql(
            f"SELECT id, CAST(list_position({listed}, name) - 1 AS BIGINT) AS name, score, "
            f"CAST(whole AS BIGINT) AS whole FROM judged "
            f"WHERE list_contains({listed}, name) ORDER BY id, name, score"
        ).to_arrow_table()
        found = [arrays.values(rows[each].combine_chunks()) for each in rows.column_names]
        return cls(names, found[0], found[1], found[2], found[3] > 0)

    def of(self, spans: IntArray, component: IntArray) -> Iterator[tuple[str, IntArray, FloatArray]]:
        """By what is judged, the component that each evaluation is of, and the scores.

        Args:
            spans: the keys of some spans, shape (spans,).
            component: what each counts to; below 0 where it is not meant; shape (spans,).
        """
        if not len(self.span) or not len(spans):
            return
        order = np.argsort(spans)
        place = np.minimum(np.searchsorted(spans[order], self.span), len(spans) - 1)
        found = order[place]
        here = (spans[found] == self.span) & (component[found] >= 0)
        # what is said of the request is no component's
        of = np.where(self.whole, 0, component[found])
        for number, name in enumerate(self.names):
            mine = here & (self.name == number)
            if mine.any():
                yield SCORE + name, of[mine], self.score[mine]
