"""A check: a rule about a monitor file that the types of its keys cannot express."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a monitor file refers to outside of itself.

    Attributes:
        environ: the environment variables.
        metrics: the names of the metrics that there are.
    """

    environ: Mapping[str, str]
    metrics: Collection[str]


Check = Callable[[Document, Surroundings], Iterator[Problem]]
"""Finds the problems of one kind. The first line of its docstring states the rule in the reference."""
