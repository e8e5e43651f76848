"""obs-dagster: observability for models in production, run as nightly batch jobs.

For notebooks: `import obs_dagster as obs`, and then `obs.metrics("flight_delay", metric="recall")`,
`obs.alerts()`, `obs.profile(model, day)`, `obs.compare(model, before, after)`, `obs.quarantine(model, day)`.
What they need is imported when they are first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_ROOMS = ("alerts", "metrics", "profile")
_FUNCTIONS = ("compare", "quarantine")

__all__ = ["__version__", "alerts", "compare", "metrics", "profile", "quarantine"]


def __getattr__(name: str) -> Any:
    """What notebooks ask for, imported now."""
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(f"{__name__}.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_FUNCTIONS})
