"""A check: a rule about a monitor file that the types of its keys cannot express."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from obs_dagster.monitor.document import Document
from obs_dagster.monitor.problem import Problem


class Watched(Protocol):
    """What rules need to know of a metric; its definition says what each means."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def family(self) -> str: ...  # noqa: D102

    @property
    def written(self) -> str: ...  # noqa: D102

    @property
    def tasks(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102

    @property
    def about(self) -> Literal["model", "column", "class", "component"]: ...  # noqa: D102

    @property
    def whole_log(self) -> bool: ...  # noqa: D102

    @property
    def by_version(self) -> bool: ...  # noqa: D102

    @property
    def cells(self) -> Literal["every", "outputs", "none"]: ...  # noqa: D102

    @property
    def daily(self) -> bool: ...  # noqa: D102

    @property
    def adds_up(self) -> bool: ...  # noqa: D102

    @property
    def incident(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a monitor file refers to outside of itself.

    Attributes:
        environ: the environment variables.
        metrics: the metrics that there are, by name.
    """

    environ: Mapping[str, str]
    metrics: Mapping[str, Watched]


Check = Callable[[Document, Surroundings], Iterator[Problem]]
"""Finds the problems of one kind. The first line of its docstring states the rule in the reference."""
