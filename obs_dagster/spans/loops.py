"""Loops over the spans of requests: their trees, and whose own time a request took.

They stand in one file because what was compiled is kept until the file of the outermost function changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from obs_dagster.profile.distribution import IntArray
from obs_dagster.profile.loops.compilation import compiled
from obs_dagster.profile.loops.kernels import Codes

Flags = NDArray[np.bool_]

#: In the place of a parent: there is none, and one that is not among the spans of the trace.
NONE, LOST = -1, -2


@compiled
def _root(first: int, end: int, began: IntArray, parent: IntArray) -> int:
    """The span that a request begins with; see `trees`."""
    for wanted in (NONE, LOST, 0):
        root = -1
        for span in range(first, end):
            mine = parent[span] == wanted or wanted == 0
            if mine and (root < 0 or began[span] < began[root]):
                root = span
        if root >= 0:
            return root
    return -1


@compiled
def _climb(span: int, root: int, parent: IntArray, state: Codes, way: IntArray) -> int:
    """The way from a span up to what is in the order, or to where it meets itself; how many spans it has."""
    steps = 0
    at = span
    while state[at] == 0:
        state[at] = 1
        way[steps] = at
        steps += 1
        if parent[at] < 0:
            parent[at] = root
        at = parent[at]
    return steps


@compiled
def trees(bounds: IntArray, began: IntArray, parent: IntArray) -> tuple[IntArray, IntArray, Flags]:
    """Make one tree of the spans of each trace, in place.

    The root is the span without a parent that began first; without such, the one whose parent is lost that
    did; without such, as all are in circles, the one that began first. What else has no parent, or a lost
    one, and where a circle is cut, is called by the root.

    Args:
        bounds: the first span of each trace, and the number of spans; shape (traces + 1,).
        began: when each span began, shape (spans,).
        parent: the place of each span's parent, `NONE` or `LOST`; shape (spans,). It is changed: afterwards
            roots alone have `NONE`, and nothing has `LOST`.

    Returns:
        The root of each trace; the spans in an order in which parents come before their children; and where
        circles were cut.
    """
    roots = np.full(len(bounds) - 1, NONE, dtype=np.int64)
    order = np.empty(len(parent), dtype=np.int64)
    circle = np.zeros(len(parent), dtype=np.bool_)
    # 0: not seen, 1: on the way up from the present span, 2: in the order
    state = np.zeros(len(parent), dtype=np.int32)
    way = np.empty(len(parent), dtype=np.int64)
    placed = 0
    for trace in range(len(bounds) - 1):
        root = _root(bounds[trace], bounds[trace + 1], began, parent)
        circle[root] = parent[root] >= 0
        parent[root] = NONE
        roots[trace] = order[placed] = root
        state[root] = 2
        placed += 1
        for span in range(bounds[trace], bounds[trace + 1]):
            steps = _climb(span, root, parent, state, way)
            met = parent[way[steps - 1]] if steps else root
            if state[met] == 1:
                # the way has come back to itself: it is cut where it did
                circle[met] = True
                parent[met] = root
                order[placed] = met
                state[met] = 2
                placed += 1
            for step in range(steps - 1, -1, -1):
                if state[way[step]] == 1:
                    order[placed] = way[step]
                    state[way[step]] = 2
                    placed += 1
    return roots, order, circle


@compiled
def own_times(
    roots: IntArray, began: IntArray, ended: IntArray, first: IntArray, children: IntArray
) -> IntArray:
    """The time of each request that was each span's own, along the chain of what it waited for.

    From the end of the request backwards: at any time a span waits for that of its children which has ended
    last, or runs still; in the time in which none runs, it is its own. Children that run beside that one, or
    beyond their parent, take none of the time that it had already. So the times of a request's spans sum to
    its own time from beginning to end exactly, and none is negative (critical path; Eaton et al., The Mystery
    Machine, 2014; Zhang et al., CRISP, 2022, where what overlaps in part counts to the parent).

    Args:
        roots: the requests' roots.
        began: when each span began, shape (spans,).
        ended: when it ended, never before it began; shape (spans,).
        first: where the children of each span begin in `children`, shape (spans + 1,).
        children: children by parent, of one parent those that ended last first; shape (spans that have one,).

    Returns:
        The own time of each span, shape (spans,).
    """
    own = np.zeros(len(began), dtype=np.int64)
    span_at = np.empty(len(began) + 1, dtype=np.int64)
    low_at = np.empty(len(began) + 1, dtype=np.int64)
    high_at = np.empty(len(began) + 1, dtype=np.int64)
    for root in roots:
        if root < 0:
            continue
        span_at[0], low_at[0], high_at[0] = root, began[root], ended[root]
        height = 1
        while height:
            height -= 1
            span, low, time = span_at[height], low_at[height], high_at[height]
            for place in range(first[span], first[span + 1]):
                child = children[place]
                begin, end = max(began[child], low), min(ended[child], time)
                if end <= begin:
                    continue
                own[span] += time - end
                span_at[height], low_at[height], high_at[height] = child, begin, end
                height += 1
                time = begin
                if time <= low:
                    break
            own[span] += time - low
    return own


@compiled
def belongs(order: IntArray, parent: IntArray, component: IntArray) -> IntArray:
    """The component that each span counts to: its own, or that of what it was called by.

    Args:
        order: the spans, parents before their children.
        parent: as `trees` leaves it.
        component: the component of each span, below 0 if it is none; shape (spans,).

    Returns:
        The component of each span, 0 for what is a part of none; shape (spans,).
    """
    found = np.zeros(len(component), dtype=np.int64)
    for span in order:
        if component[span] >= 0:
            found[span] = component[span]
        elif parent[span] >= 0:
            found[span] = found[parent[span]]
    return found


@compiled
def innermost(order: IntArray, parent: IntArray, has: Flags) -> Flags:
    """Which spans have something that nothing they called has: where it is from, and not passed on.

    Args:
        order: the spans, parents before their children.
        parent: as `trees` leaves it.
        has: whether each span has it, shape (spans,).
    """
    below = np.zeros(len(has), dtype=np.bool_)
    for place in range(len(order) - 1, -1, -1):
        span = order[place]
        if parent[span] >= 0 and (has[span] or below[span]):
            below[parent[span]] = True
    return has & ~below
