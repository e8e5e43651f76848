"""Functions that read rows, and are called where the engine of their monitor has rows read."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial, wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar, cast

from obs_dagster.monitor.engine import EngineKeys


class HasEngine(Protocol):
    """A monitor, as far as this module knows it."""

    @property
    def engine(self) -> EngineKeys: ...  # noqa: D102

    @property
    def personal(self) -> Collection[str]: ...  # noqa: D102


P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=HasEngine)


def reads_rows(function: Callable[Concatenate[M, P], R]) -> Callable[Concatenate[M, P], R]:
    """Have a function of a module called where rows are read: in this process, or by an engine's workers.

    What it is called with, and what it returns or raises, has to be picklable, and should be small: it is all
    that comes through this process. It may be called twice, if a worker dies, so what it writes it writes
    atomically.

    Args:
        function: its first argument is the monitor.
    """

    def placed(monitor: M, *args: P.args, **kwargs: P.kwargs) -> R:
        if monitor.engine.reads_here:
            return function(monitor, *args, **kwargs)
        # by its name, under which the worker finds this wrapper, and reads there
        work = partial(placed, monitor, *args, **kwargs)
        return monitor.engine.elsewhere(work, personal=bool(monitor.personal))

    return cast("Callable[Concatenate[M, P], R]", wraps(function)(placed))
