"""What a kind of baseline, or an engine, asks of the monitor that names it."""

from __future__ import annotations

from collections.abc import Iterator

from obs_dagster.monitor.baseline import baseline_in
from obs_dagster.monitor.checks.check import Surroundings
from obs_dagster.monitor.document import Document
from obs_dagster.monitor.engine import engine_in
from obs_dagster.monitor.problem import Problem


def kinds_are_content(document: Document, _: Surroundings) -> Iterator[Problem]:
    """A kind of baseline and an engine have what they ask for."""
    for kind in (baseline_in(document), engine_in(document)):
        if kind is not None:
            yield from kind.problems(document)
