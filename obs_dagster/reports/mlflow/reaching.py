"""What MLflow's library and its stores raise, as what it means to us."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from obs_dagster.errors import ObsError
from obs_dagster.mlflow_reach.error import MlflowRejected, MlflowUnavailable
from obs_dagster.storage_fault import blames_storage, storage_fault
from obs_dagster.telemetry.traces import span

_REFUSALS = frozenset(
    {
        "INVALID_PARAMETER_VALUE",
        "BAD_REQUEST",
        "RESOURCE_DOES_NOT_EXIST",
        "RESOURCE_ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
        "CUSTOMER_UNAUTHORIZED",
    }
)


class _Placed(Protocol):
    place: str


S = TypeVar("S", bound=_Placed)
P = ParamSpec("P")
R = TypeVar("R")


def reaching(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Turns what the library and its stores raise into `MlflowUnavailable` or `MlflowRejected`."""
    name = method.__name__.strip("_")

    def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with span(f"mlflow {name}", service="mlflow", call=name):
                return method(self, *args, **kwargs)
        except ObsError:
            raise
        except Exception as error:
            # Databases, HTTP and every artifact store have exceptions of their own.
            if blames_storage(error) and (fault := storage_fault(error, f"MLflow at {self.place}")):
                raise fault from error
            code = getattr(error, "error_code", "")
            text = f"MLflow at {self.place}: {str(error).splitlines()[0] if str(error) else error!r}"
            if code in _REFUSALS:
                raise MlflowRejected(text, remedy="See MLflow's own log.") from error
            raise MlflowUnavailable(
                text, remedy="Nothing is lost: publish the night again once MLflow answers."
            ) from error

    return functools.update_wrapper(call, method)
