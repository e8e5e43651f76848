"""Spans of a day, reduced to counts: read once, request by request, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from obs_dagster.lake.quoting import literals
from obs_dagster.metrics.components.usage import FAULT, LATENCY, OWN, REQUEST
from obs_dagster.monitor.whole import WHOLE
from obs_dagster.profile import arrays
from obs_dagster.sources.files import connect
from obs_dagster.spans.counted import by, counts, grid
from obs_dagster.spans.judged import Scores
from obs_dagster.spans.loops import Flags
from obs_dagster.spans.pairs import Pairs
from obs_dagster.spans.parts import Noted
from obs_dagster.spans.reading import SpanFiles, spans_query, unreadable, with_room
from obs_dagster.spans.requests import FAULTS, Requests, Spans, requests_of
from obs_dagster.spans.selection import Selected
from obs_dagster.spans.table import (
    OTHERS,
    PARTS,
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
#: Versions of a day that are told apart: those with the most requests.
_VERSIONS = 50
Answered = Callable[["duckdb.DuckDBPyConnection"], str]
"""SQL for `trace` (`trace_key`) and `version` of the rows of the log, given the session that reads them."""

Columns = dict[str, np.ndarray[Any, Any]]
"""Spans, by column."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """What the spans of a day came to.

    Attributes:
        counts: the counts.
        spans: spans that were looked at, those of the requests of other days too.
        parts: which part each component took in each request, rows of `PARTS`.
    """

    counts: SpanCounts
    spans: int
    parts: pa.Table


def reduce_spans(files: SpanFiles, selected: Selected, answered: Answered | None = None) -> Reduced:
    """Reduce the spans of the requests of a day.

    Args:
        files: where they are.
        selected: which requests are meant, and what components are called.
        answered: which version answered each request; left out: what spans say themselves.

    Raises:
        SourceError: a file cannot be read, or changed meanwhile.
    """
    import duckdb

    with connect() as connection:
        # lines of the Collector hold hundreds of spans, of which none may wait for those before it
        connection.execute("SET preserve_insertion_order = false")
        try:
            if not _read(connection, files, selected):
                return Reduced(SpanCounts(SCHEMA.empty_table()), 0, PARTS.empty_table())
            names = _named(connection, selected)
            versions = _versions(connection, answered)
            looked_at = connection.sql("SELECT count(*) FROM spans").fetchall()[0][0]
            parts: list[pa.Table] = []
            noted, scores = Noted([REQUEST, *names, OTHERS]), Scores.read(connection)
            for batch in _traces(connection, names, versions):
                parts.append(_counted(batch, versions, selected, noted, scores))
                if len(parts) >= _PARTS:
                    parts = [summed(parts)]
        except duckdb.Error as error:
            raise unreadable(error, files.files) from error
    files.check()
    whole = SpanCounts(summed(parts) if parts else SCHEMA.empty_table())
    return Reduced(whole, looked_at, noted.parts())


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


def _versions(connection: duckdb.DuckDBPyConnection, answered: Answered | None) -> list[str]:
    """The versions that answered requests, those with the most first; `spans` says of each span which did."""
    rows = "SELECT CAST(NULL AS BIGINT) AS trace, CAST(NULL AS VARCHAR) AS version"
    connection.execute(
        "CREATE TEMP TABLE answered AS SELECT trace, min(CAST(version AS VARCHAR)) AS version "
        f"FROM ({answered(connection) if answered else rows}) WHERE trace IS NOT NULL GROUP BY trace"
    )
    found = connection.sql(
        "SELECT by_whom, count(DISTINCT trace) AS n FROM (SELECT trace, "
        "coalesce(answered.version, spans.version) AS by_whom FROM spans LEFT JOIN answered USING (trace)) "
        f"WHERE by_whom IS NOT NULL GROUP BY by_whom ORDER BY n DESC, by_whom LIMIT {_VERSIONS}"
    ).fetchall()
    return [version for version, _ in found]


def _traces(
    connection: duckdb.DuckDBPyConnection, names: Sequence[str], versions: Sequence[str]
) -> Iterator[Columns]:
    """The spans of whole traces, some at a time; components by their place, after that of the request."""
    code = f"coalesce(nullif(list_position({literals(names)}, component), 0), {len(names) + 1})"
    version = "coalesce(answered.version, spans.version)"
    which = f"coalesce(list_position({literals(versions)}, {version}), 0)" if versions else "0"
    rows = connection.sql(
        "SELECT spans.* EXCLUDE (component, version, scored), CAST(CASE WHEN component IS NULL THEN -1 "
        f"ELSE {code} END AS BIGINT) AS component, CAST({which} AS BIGINT) AS version "
        "FROM spans LEFT JOIN answered ON answered.trace = spans.trace "
        "ORDER BY spans.trace, spans.began, spans.id"
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


def _counted(
    rows: Columns, versions: Sequence[str], selected: Selected, noted: Noted, scores: Scores
) -> pa.Table:
    """The rows of `SCHEMA` that the spans of some traces come to; what requests used is noted."""
    trace = np.cumsum(np.diff(rows["trace"], prepend=rows["trace"][:1]) != 0, dtype=np.int64)
    spans = Spans(
        trace, rows["id"], rows["parent"], rows["began"], rows["ended"], rows["component"], rows["failed"] > 0
    )
    found = requests_of(spans)
    here = selected.keeps(found, spans, rows["wanted"] > 0)
    first = np.flatnonzero(np.diff(trace, prepend=-1))
    answered = np.maximum.reduceat(rows["version"], first)
    tables = []
    for place, version in enumerate([WHOLE, *versions]):
        mine = here & (answered == place) if place else here
        if not mine.any() and place:
            continue
        pairs = Pairs.of(found, mine, noted.names)
        counted = [*_requests(rows, found, mine, every=not place), *_components(rows, found, pairs)]
        counted += _scored(scores, rows, found, pairs)
        if not place:
            heads = _heads(rows, found)
            noted.add(
                pairs,
                rows["trace"][found.kept[found.roots]],
                own=bins_of(pairs.sum(found.own / _MILLISECOND)),
                failed=pairs.sum(heads & (rows["failed"] > 0)[found.kept]) > 0,
                used=pairs.sum(heads) > 0,
            )
        table = pa.concat_tables(counted)
        tables.append(table.add_column(0, "version", pa.repeat(pa.scalar(version), table.num_rows)))
    return pa.concat_tables(tables).cast(SCHEMA)


def _requests(rows: Columns, found: Requests, here: Flags, *, every: bool) -> Iterator[pa.Table]:
    """What is counted of the requests that are meant as a whole; `every` says that these are all."""
    spans = here[found.request]
    roots = found.roots[here]
    took = found.took[roots] / _MILLISECOND
    whole = np.zeros(len(took), dtype=np.int64)
    yield counts(WHOLE_REQUEST, "spans", int(spans.sum()))
    yield counts(WHOLE_REQUEST, "failed", int((rows["failed"][found.kept[roots]] > 0).sum()))
    yield from by(whole, [WHOLE_REQUEST], "took", took)
    yield from grid(whole, [WHOLE_REQUEST], LATENCY, took)
    for name in FAULTS:
        # of which request a repetition is does not matter
        repeated = found.faults[name] if every else found.faults[name][:0]
        mine = repeated if name == "repeated" else found.faults[name][found.kept][spans]
        if count := int(mine.sum()):
            yield counts(WHOLE_REQUEST, FAULT + name, count)


def _heads(rows: Columns, found: Requests) -> Flags:
    """Spans that are a component's own, not a part of it; the request's own one is its root."""
    heads: Flags = (rows["component"] >= 0)[found.kept]
    heads[found.roots] |= found.component[found.roots] == 0
    return heads


def _components(rows: Columns, found: Requests, pairs: Pairs) -> Iterator[pa.Table]:
    """What is counted of the components of the requests that are meant."""
    spans, names = pairs.spans, pairs.names
    failed, heads = rows["failed"][found.kept] > 0, _heads(rows, found)
    own, took = found.own / _MILLISECOND, found.took / _MILLISECOND
    per_pair, used = pairs.sum(own), pairs.sum(heads) > 0
    request_took = took[found.roots][pairs.request]
    yield from by(pairs.component, names, "own_time", per_pair)
    yield from by(pairs.component, names, "own_by_took", per_pair * request_took)
    yield from by(pairs.component[used], names, "used", np.ones(int(used.sum())))
    yield from grid(pairs.component[used], names, OWN, per_pair[used])
    mine = found.component[spans & heads]
    yield from by(mine, names, "took", took[spans & heads])
    yield from grid(mine, names, LATENCY, took[spans & heads])
    for what, flags in (("spans", heads), ("failed", failed & heads), ("source", found.source)):
        of = found.component[spans & flags]
        yield from by(of, names, what, np.ones(len(of)))
    yield from _taken(rows, found, pairs)


def _taken(rows: Columns, found: Requests, pairs: Pairs) -> Iterator[pa.Table]:
    """Tokens, costs and retries: each counts where it is told innermost, so that none counts twice."""
    given = {
        name: rows[name][found.kept] for name in ("tokens_in", "tokens_out", "cached", "retries", "cost")
    }
    tokens = given["tokens_in"] + given["tokens_out"]
    told = found.innermost(tokens > 0)
    for what, name in (("input", "tokens_in"), ("output", "tokens_out"), ("cached", "cached")):
        yield from by(pairs.component, pairs.names, what, pairs.sum(given[name] * told))
    yield from by(pairs.component, pairs.names, "retries", pairs.sum(given["retries"]))
    priced = found.innermost(np.isfinite(given["cost"]))
    for what, values, has in (("tokens", tokens, told), ("cost", given["cost"], priced)):
        per_pair = pairs.sum(np.where(has, values, 0.0))
        there = pairs.sum(has) > 0
        yield from by(pairs.component[there], pairs.names, what, per_pair[there])
        _, request = np.unique(pairs.request[there], return_inverse=True)
        per_request = np.bincount(request, weights=per_pair[there]).astype(np.float64)
        yield from by(np.zeros(len(per_request), dtype=np.int64), [WHOLE_REQUEST], what, per_request)


def _scored(scores: Scores, rows: Columns, found: Requests, pairs: Pairs) -> Iterator[pa.Table]:
    """The evaluations of the requests that are meant, by component and by what was judged."""
    component = np.where(pairs.spans, found.component, -1)
    for what, of, values in scores.of(rows["id"][found.kept], component):
        yield from by(of, pairs.names, what, values)
