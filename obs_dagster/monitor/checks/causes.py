"""Causes across components that a monitor declares."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.causes import edge_of
from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.component import COMPONENTS
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Keys, Problem, quoted

_LISTS = ("edges", "forbidden")
Edge = tuple[str, str]


def _edges(document: Document, which: str) -> Iterator[tuple[Keys, Edge]]:
    for index, text in enumerate(document.items("causes", which)):
        edge = edge_of(text) if isinstance(text, str) else None
        if edge is not None:
            yield ("causes", which, index), edge


def components_are_known(document: Document, _: Surroundings) -> Iterator[Problem]:
    """`causes` names components that there are, two different ones in an edge."""
    for which in _LISTS:
        for keys, edge in _edges(document, which):
            known = COMPONENTS.all()
            for name in dict.fromkeys(edge):
                if name not in known:
                    message = f"{quoted(name)} is not a component."
                    yield document.problem(keys, message, legal=list(known), near=name)
            if edge[0] == edge[1]:
                yield document.problem(keys, f"{quoted(edge[0])} cannot be its own cause.")
            elif edge[0] in known and known[edge[0]].ends:
                message = f"{quoted(edge[0])} is what is to be explained; it causes nothing."
                yield document.problem(keys, message)


def edges_make_no_circle(document: Document, _: Surroundings) -> Iterator[Problem]:
    """The edges that `causes` declares make no circle, and none of them is forbidden too."""
    forbidden = {edge for _, edge in _edges(document, "forbidden")}
    after: dict[str, set[str]] = {}
    for keys, (cause, effect) in _edges(document, "edges"):
        if (cause, effect) in forbidden:
            yield document.problem(keys, "The edge is forbidden too; write it in one of the two lists.")
        if cause != effect and cause in _reached(effect, after):
            message = f"The edges go in a circle: {quoted(effect)} is a cause of {quoted(cause)} already."
            yield document.problem(keys, message)
            continue
        after.setdefault(cause, set()).add(effect)


def _reached(start: str, after: dict[str, set[str]]) -> set[str]:
    """What a component causes, also by way of others."""
    found: set[str] = set()
    left = [start]
    while left:
        for each in after.get(left.pop(), ()):
            if each not in found:
                found.add(each)
                left.append(each)
    return found
