"""The decorator: every call of a function that predicts is a row."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, ParamSpec, TypeVar

from obs_dagster.serving.request import CURRENT

P = ParamSpec("P")
R = TypeVar("R")

FeaturesOf = Callable[..., Mapping[str, Any]]
"""From the arguments of a call to the features."""

ERROR = "error"


class Observer(NamedTuple):
    """Records the calls of functions.

    Attributes:
        record: records a prediction (`InferenceLog.record`).
        unreadable: counts one that cannot be recorded.
        features: from the arguments of a call to the features; None: as `InferenceLog.observe` says.
        output: the column of what functions return.
    """

    record: Callable[..., object]
    unreadable: Callable[[], None]
    features: FeaturesOf | None
    output: str

    def observed(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, with a row for each of its calls."""
        import inspect

        features = self.features or _features_of(function)
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def awaited(*args: P.args, **kwargs: P.kwargs) -> Any:
                with self._recorded(lambda: features(*args, **kwargs)) as given:
                    result = given["result"] = await function(*args, **kwargs)
                return result

            return awaited  # type: ignore[return-value]  # it is a coroutine, as R is

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            with self._recorded(lambda: features(*args, **kwargs)) as given:
                result = given["result"] = function(*args, **kwargs)
            return result

        return called

    @contextmanager
    def _recorded(self, features: Callable[[], Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Records what the block has put under `result`, or that it failed."""
        begun, started = time.time(), time.perf_counter()
        given: dict[str, Any] = {}
        try:
            yield given
        finally:
            # within a request counts how long that takes
            latency = None if CURRENT.get() else (time.perf_counter() - started) * 1e3
            result = given.get("result", {})
            put_out = result if isinstance(result, Mapping) else {self.output: result}
            status = None if "result" in given else ERROR
            try:
                self.record(features(), time=begun, latency_ms=latency, status=status, **put_out)
            except Exception:  # noqa: BLE001  what cannot be read is counted, the call goes on
                self.unreadable()


def _features_of(function: Callable[..., Any]) -> FeaturesOf:
    """The first argument if it has names within, else the arguments by their names."""
    import inspect
    from dataclasses import fields, is_dataclass

    signature = inspect.signature(function)

    def features(*args: Any, **kwargs: Any) -> Mapping[str, Any]:
        first: Any = args[0] if args else None
        if isinstance(first, Mapping):
            return first
        if is_dataclass(first) and not isinstance(first, type):
            return {field.name: getattr(first, field.name) for field in fields(first)}
        if hasattr(first, "model_dump"):
            dumped: Mapping[str, Any] = first.model_dump()
            return dumped
        return signature.bind(*args, **kwargs).arguments

    return features
