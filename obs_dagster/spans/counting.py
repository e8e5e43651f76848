"""Spans of a day, reduced to counts: read once, request by request, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from obs_dagster.lake.quoting import literals
from obs_dagster.metrics.components.usage import FAULT, LATENCY, OWN, REQUEST
from obs_dagster.profile import arrays
from obs_dagster.profile.distribution import FloatArray, IntArray
from obs_dagster.sources.files import connect
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.reading import SpanFiles, spans_query, unreadable, with_room
from obs_dagster.spans.requests import FAULTS, Requests, Spans, requests_of
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import (
    OTHERS,
    SCHEMA,
    WHOLE_REQUEST,
    SpanCounts,
    bins_of,
    summed,
)

if TYPE_CHECKING:
    import duckdb

#: Spans that are reduced together, beside those of the trace that is cut off.
_TOGETHER = 1 << 17
#: Tables of counts that are kept before they are added up.
_PARTS = 16
_MILLISECOND = 1e6

Columns = dict[str, np.ndarray[Any, Any]]
"""Spans, by column."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """What the spans of a day came to.

    Attributes:
        counts: the counts.
        spans: spans that were looked at, those of the requests of other days too.
    """

    counts: SpanCounts
    spans: int


def reduce_spans(files: SpanFiles, selected: Selected) -> Reduced:
    """Reduce the spans of the requests of a day.

    Args:
        files: where they are.
        selected: which requests are meant, and what components are called.

    Raises:
        SourceError: a file cannot be read, or changed meanwhile.
    """
    import duckdb

    with connect() as connection:
        # lines of the Collector hold hundreds of spans, of which none may wait for those before it
        connection.execute("SET preserve_insertion_order = false")
        try:
            if not _read(connection, files, selected):
                return Reduced(SpanCounts(SCHEMA.empty_table()), 0)
            names = _named(connection, selected)
            looked_at = connection.sql("SELECT count(*) FROM spans").fetchall()[0][0]
            parts: list[pa.Table] = []
            for batch in _traces(connection, names):
                parts.append(_counted(batch, names, selected))
                if len(parts) >= _PARTS:
                    parts = [summed(parts)]
        except duckdb.Error as error:
            raise unreadable(error, files.files) from error
    files.check()
    return Reduced(SpanCounts(summed(parts) if parts else SCHEMA.empty_table()), looked_at)


def _read(connection: duckdb.DuckDBPyConnection, files: SpanFiles, selected: Selected) -> bool:
    """Read the spans into a table; whether there are files with any."""

    def read(longest: int) -> bool:
        query = spans_query(connection, selected.asked, files, longest)
        if query is not None:
            connection.execute(f"CREATE TEMP TABLE spans AS {query}")
        return query is not None

    return with_room(connection, read)


def _named(connection: duckdb.DuckDBPyConnection, selected: Selected) -> list[str]:
    """The components that have a name of their own: those with the most spans."""
    found = connection.sql(
        "SELECT component, count(*) AS n FROM spans WHERE component IS NOT NULL "
        f"GROUP BY component ORDER BY n DESC, component LIMIT {selected.asked.most}"
    ).fetchall()
    return sorted(name for name, _ in found)


def _traces(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> Iterator[Columns]:
    """The spans of whole traces, some at a time; components by their place, after that of the request."""
    code = f"coalesce(nullif(list_position({literals(names)}, component), 0), {len(names) + 1})"
    rows = connection.sql(
        f"SELECT * EXCLUDE (component), CAST(CASE WHEN component IS NULL THEN -1 ELSE {code} END AS BIGINT) "
        "AS component FROM spans ORDER BY trace, began, id"
    )
    held: Columns = {}
    for batch in rows.to_arrow_reader(_TOGETHER):
        found = {name: arrays.values(batch.column(name)) for name in batch.schema.names}
        if held:
            found = {name: np.concatenate([held[name], each]) for name, each in found.items()}
        # the trace that a batch ends with may go on in the next one
        trace = found["trace"]
        whole = int(np.searchsorted(trace, trace[-1])) if len(trace) else 0
        held = {name: each[whole:] for name, each in found.items()}
        if whole:
            yield {name: each[:whole] for name, each in found.items()}
    if held and len(held["trace"]):
        yield held


def _counted(rows: Columns, names: Sequence[str], selected: Selected) -> pa.Table:
    """The rows of `SCHEMA` that the spans of some traces come to."""
    trace = np.cumsum(np.diff(rows["trace"], prepend=rows["trace"][:1]) != 0, dtype=np.int64)
    spans = Spans(
        trace, rows["id"], rows["parent"], rows["began"], rows["ended"], rows["component"], rows["failed"] > 0
    )
    found = requests_of(spans)
    here = selected.keeps(found, spans, rows["wanted"] > 0)
    counted = [*_requests(rows, found, here), *_components(rows, found, here, [REQUEST, *names, OTHERS])]
    return pa.concat_tables(counted).cast(SCHEMA)


def _requests(rows: Columns, found: Requests, here: Flags) -> Iterator[pa.Table]:
    """What is counted of the requests that are meant as a whole."""
    spans = here[found.request]
    roots = found.roots[here]
    took = found.took[roots] / _MILLISECOND
    whole = np.zeros(len(took), dtype=np.int64)
    yield _counts(WHOLE_REQUEST, "spans", int(spans.sum()))
    yield _counts(WHOLE_REQUEST, "failed", int((rows["failed"][found.kept[roots]] > 0).sum()))
    yield from _by(whole, [WHOLE_REQUEST], "took", took)
    yield from _grid(whole, [WHOLE_REQUEST], LATENCY, took)
    for name in FAULTS:
        # of which request a repetition is does not matter
        mine = found.faults[name] if name == "repeated" else found.faults[name][found.kept][spans]
        if count := int(mine.sum()):
            yield _counts(WHOLE_REQUEST, FAULT + name, count)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """The components that each request has spans of.

    Attributes:
        names: the components.
        spans: the spans that are meant, shape (spans of requests,).
        place: the pair of each of these, shape (those,).
        component: of each pair, shape (pairs,).
        request: of each pair, shape (pairs,).
    """

    names: Sequence[str]
    spans: Flags
    place: IntArray
    component: IntArray
    request: IntArray

    def sum(self, values: np.ndarray[Any, Any]) -> FloatArray:
        """The sum of each pair's values, which are per span of any request."""
        found: FloatArray = np.bincount(
            self.place, weights=values[self.spans], minlength=len(self.component)
        ).astype(np.float64)
        return found


def _components(rows: Columns, found: Requests, here: Flags, names: Sequence[str]) -> Iterator[pa.Table]:
    """What is counted of the components of the requests that are meant."""
    spans = here[found.request]
    both, place = np.unique(found.request[spans] * len(names) + found.component[spans], return_inverse=True)
    pairs = _Pairs(names, spans, place, both % len(names), both // len(names))
    failed = rows["failed"][found.kept] > 0
    # a component's own span is no part of another one; the request's own one is its root
    heads: Flags = (rows["component"] >= 0)[found.kept]
    heads[found.roots] |= found.component[found.roots] == 0
    own, took = found.own / _MILLISECOND, found.took / _MILLISECOND
    per_pair, used = pairs.sum(own), pairs.sum(heads) > 0
    request_took = took[found.roots][pairs.request]
    yield from _by(pairs.component, names, "own_time", per_pair)
    yield from _by(pairs.component, names, "own_by_took", per_pair * request_took)
    yield from _by(pairs.component[used], names, "used", np.ones(int(used.sum())))
    yield from _grid(pairs.component[used], names, OWN, per_pair[used])
    mine = found.component[spans & heads]
    yield from _by(mine, names, "took", took[spans & heads])
    yield from _grid(mine, names, LATENCY, took[spans & heads])
    for what, flags in (("spans", heads), ("failed", failed & heads), ("source", found.source)):
        of = found.component[spans & flags]
        yield from _by(of, names, what, np.ones(len(of)))
    yield from _taken(rows, found, pairs)


def _taken(rows: Columns, found: Requests, pairs: _Pairs) -> Iterator[pa.Table]:
    """Tokens, costs and retries: each counts where it is told innermost, so that none counts twice."""
    given = {
        name: rows[name][found.kept] for name in ("tokens_in", "tokens_out", "cached", "retries", "cost")
    }
    tokens = given["tokens_in"] + given["tokens_out"]
    told = found.innermost(tokens > 0)
    for what, name in (("input", "tokens_in"), ("output", "tokens_out"), ("cached", "cached")):
        yield from _by(pairs.component, pairs.names, what, pairs.sum(given[name] * told))
    yield from _by(pairs.component, pairs.names, "retries", pairs.sum(given["retries"]))
    priced = found.innermost(np.isfinite(given["cost"]))
    for what, values, has in (("tokens", tokens, told), ("cost", given["cost"], priced)):
        per_pair = pairs.sum(np.where(has, values, 0.0))
        there = pairs.sum(has) > 0
        yield from _by(pairs.component[there], pairs.names, what, per_pair[there])
        _, request = np.unique(pairs.request[there], return_inverse=True)
        per_request = np.bincount(request, weights=per_pair[there]).astype(np.float64)
        yield from _by(np.zeros(len(per_request), dtype=np.int64), [WHOLE_REQUEST], what, per_request)


def _by(group: IntArray, names: Sequence[str], what: str, values: FloatArray) -> Iterator[pa.Table]:
    """Count, sum and sum of squares of each group that has any."""
    n = np.bincount(group, minlength=len(names))
    there = np.flatnonzero(n)
    if len(there):
        sums = [np.bincount(group, weights=each, minlength=len(names)) for each in (values, values * values)]
        told = [each[there].astype(np.float64) for each in sums]
        yield _table([names[int(each)] for each in there], what, None, n[there], told)


def _grid(group: IntArray, names: Sequence[str], what: str, values: FloatArray) -> Iterator[pa.Table]:
    """How many values of each group are in each bin."""
    if len(values):
        keys, n = np.unique(np.stack([group, bins_of(values)]), axis=1, return_counts=True)
        sums = [np.zeros(len(n))] * 2
        yield _table([names[int(each)] for each in keys[0]], what, keys[1], n, sums)


def _counts(component: str, what: str, n: int) -> pa.Table:
    return _table([component], what, None, np.array([n]), [np.zeros(1)] * 2)


def _table(
    components: Sequence[str], what: str, bins: IntArray | None, n: IntArray, sums: Sequence[FloatArray]
) -> pa.Table:
    placed = pa.nulls(len(components), pa.int64()) if bins is None else pa.array(bins, pa.int64())
    columns = [
        pa.array(components, pa.string()),
        pa.array([what] * len(components), pa.string()),
        placed,
        pa.array(n, pa.int64()),
        *(pa.array(each, pa.float64()) for each in sums),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)
