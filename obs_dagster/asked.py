"""Rooms that are called as what notebooks ask for is: `obs.metrics(…)` is a call of the room `metrics`."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class Asked(ModuleType):
    """A room whose call is the function of its name in `obs_dagster.notebook`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What that function returns."""
        root, _, name = self.__name__.rpartition(".")
        return getattr(import_module(f"{root}.notebook"), name)(*args, **kwargs)
