"""The libraries that a night needs, loaded in turn: each pays for what it is the first to need."""

from __future__ import annotations

import importlib
import os

from bench.clock import Clock, run

LIBRARIES = (
    "duckdb",
    "pyarrow",
    "pandas",
    "dagster",
    "sqlalchemy",
    "matplotlib.pyplot",
    "great_expectations",
    "sklearn",
    "lightgbm",
    "shap",
    "mlflow",
    "evidently",
)


def load() -> None:
    """Import them."""
    os.environ |= {"DO_NOT_TRACK": "1", "MLFLOW_DISABLE_TELEMETRY": "true"}
    clock = Clock()
    for name in LIBRARIES:
        with clock.phase(name):
            importlib.import_module(name)
    clock.report()


if __name__ == "__main__":
    run(load)
