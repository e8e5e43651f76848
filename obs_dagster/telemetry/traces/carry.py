"""Spans across processes: what is open goes with a task, and what ended there comes back with its result.

So only the process of the night talks to a collector, and a collector that is dead costs its patience once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import structlog

from obs_dagster.telemetry.traces.current import traceparent

R = TypeVar("R")

_ON_ERROR = "_obs_spans"


@dataclass(frozen=True, slots=True)
class Returned(Generic[R]):
    """The result of a function, and the spans that ended in it, as plain data."""

    result: R
    spans: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Carried(Generic[R]):
    """A function for another process, with what is bound for the log here and the span that is open.

    Attributes:
        function: without arguments; pickled.
        bound: what every line of the log tells.
        traceparent: the open span; empty if there is none.
    """

    function: Callable[[], R]
    bound: Mapping[str, Any]
    traceparent: str

    def __call__(self) -> Returned[R]:
        """Call the function where this is; its exception has the spans with it."""
        with structlog.contextvars.bound_contextvars(**self.bound):
            if not self.traceparent:
                return Returned(self.function(), ())
            from obs_dagster.telemetry.traces.elsewhere import collected

            with collected(self.traceparent) as spans:
                try:
                    result = self.function()
                except Exception as error:
                    vars(error)[_ON_ERROR] = spans
                    raise
            return Returned(result, tuple(spans))

    def received(self, get: Callable[[], Returned[R]]) -> R:
        """The function's result, where it was carried from.

        Args:
            get: waits for what the call gave; raises what it raised.
        """
        try:
            returned = get()
        except Exception as error:
            self._hand_over(vars(error).pop(_ON_ERROR, ()))
            raise
        self._hand_over(returned.spans)
        return returned.result

    def _hand_over(self, spans: tuple[Any, ...]) -> None:
        if spans:
            from obs_dagster.telemetry.traces.elsewhere import hand_over

            hand_over(spans)


def carried(function: Callable[[], R]) -> Carried[R]:
    """The function, with what is bound and open here."""
    return Carried(function, dict(structlog.contextvars.get_contextvars()), traceparent())
