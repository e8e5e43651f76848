"""Spans of some traces as requests: which is whose, what is wrong with them, and what each took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from obs_dagster.profile.distribution import IntArray
from obs_dagster.spans.loops import LOST, NONE, Flags, belongs, innermost, own_times, trees

#: Nanoseconds by which clocks of two hosts may differ before it is said.
SKEW = 1_000_000

FAULTS: Mapping[str, str] = {
    "repeated": "spans that stand there twice, of which one counts",
    "orphan": "spans whose parent is not there, which count to their request",
    "circle": "spans that call each other in a circle, which is cut",
    "unfinished": "spans that have no end, which count as if they had taken no time",
    "backwards": "spans that end before they begin, which count as if they had taken no time",
    "skewed": "spans that begin before what called them, by clocks that differ; what is too early is cut",
    "several_roots": "spans without a parent in the trace of another one, which count to that one's request",
}
"""What can be wrong with spans, in words."""


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans of whole traces, those of a trace in a row.

    Attributes:
        trace: numbers the traces from 0 on, shape (spans,).
        id: names a span, shape (spans,).
        parent: the id of the parent, 0 if there is none; shape (spans,).
        began, ended: nanoseconds since 1970, the latter below 0 if it is not known; shape (spans,).
        component: below 0 for none, 0 stands for the request itself; shape (spans,).
        failed: whether each says so; shape (spans,).
    """

    trace: IntArray
    id: IntArray
    parent: IntArray
    began: IntArray
    ended: IntArray
    component: IntArray
    failed: Flags


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests with their spans; what is per span goes by `kept`.

    Attributes:
        kept: the spans that count, by their place in what was given; shape (spans,).
        request: the number of each span's request, shape (spans,).
        roots: the span that each request begins with, by its place in `kept`; shape (requests,).
        component: what each span counts to; 0 is the request itself; shape (spans,).
        took: how long each span took in nanoseconds, shape (spans,).
        own: how much of the request's time was each span's own in nanoseconds, shape (spans,).
        source: whether each span failed, and nothing that it called did; shape (spans,).
        order, parent: the trees.
        faults: by a key of `FAULTS`, whether each span that was given has it.
    """

    kept: IntArray
    request: IntArray
    roots: IntArray
    component: IntArray
    took: IntArray
    own: IntArray
    source: Flags
    order: IntArray
    parent: IntArray
    faults: Mapping[str, Flags]

    def innermost(self, has: Flags) -> Flags:
        """Which spans have something that nothing they called has, so that it is not counted twice."""
        return innermost(self.order, self.parent, has)


def requests_of(spans: Spans) -> Requests:
    """The requests that spans are of: one for each trace.

    Args:
        spans: of whole traces.
    """
    given = len(spans.trace)
    once, repeated = _once(spans)
    trace, began = spans.trace[once], spans.began[once]
    ended = spans.ended[once]
    faults = {name: np.zeros(given, dtype=np.bool_) for name in FAULTS}
    faults["repeated"] = repeated
    faults["unfinished"][once] = ended < 0
    faults["backwards"][once] = (ended >= 0) & (ended < began)
    ended = np.maximum(ended, began)
    parent = _parents(spans.id[once], spans.parent[once])
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(trace)) + 1, [len(trace)]]).astype(np.int64)
    if not len(trace):
        bounds = np.zeros(1, dtype=np.int64)
    lost, none = parent == LOST, parent == NONE
    roots, order, circle = trees(bounds, began, parent)
    is_root = np.zeros(len(trace), dtype=np.bool_)
    is_root[roots] = True
    # of a trace whose root is elsewhere, its first span is no orphan, but the request as it is seen here
    faults["orphan"][once] = lost & ~is_root
    faults["several_roots"][once] = none & ~is_root
    faults["circle"][once] = circle
    called = parent >= 0
    early = np.zeros(len(trace), dtype=np.bool_)
    early[called] = began[called] < began[parent[called]] - SKEW
    faults["skewed"][once] = early & ~lost & ~none
    first, children = _children(began, ended, parent)
    return Requests(
        kept=once,
        request=np.repeat(np.arange(len(roots)), np.diff(bounds)),
        roots=roots,
        component=belongs(order, parent, spans.component[once]),
        took=ended - began,
        own=own_times(roots, began, ended, first, children),
        source=innermost(order, parent, spans.failed[once]),
        order=order,
        parent=parent,
        faults=faults,
    )


def _once(spans: Spans) -> tuple[IntArray, Flags]:
    """The places of spans without repetitions, in order; and which ones repeat another."""
    order = np.argsort(spans.id, kind="stable")
    ids = spans.id[order]
    repeated = np.zeros(len(ids), dtype=np.bool_)
    repeated[order[1:]] = ids[1:] == ids[:-1]
    return np.flatnonzero(~repeated).astype(np.int64), repeated


def _parents(ids: IntArray, parents: IntArray) -> IntArray:
    """The place of each span's parent, `NONE` or `LOST`."""
    if not len(ids):
        return np.zeros(0, dtype=np.int64)
    order = np.argsort(ids)
    place = np.minimum(np.searchsorted(ids[order], parents), len(ids) - 1)
    found = order[place]
    known = np.where(ids[found] == parents, found, LOST)
    return np.where(parents == 0, NONE, known).astype(np.int64)


def _children(began: IntArray, ended: IntArray, parent: IntArray) -> tuple[IntArray, IntArray]:
    """The children of all spans by parent, of one those that ended last first; and where each one's begin."""
    order = np.lexsort((began, -ended, parent))
    children = order[parent[order] >= 0].astype(np.int64)
    counts = np.bincount(parent[children], minlength=len(parent))
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return first, children
