"""Which programs a night runs with: a result that changes may have changed with one of them."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

_DISTRIBUTIONS = (
    "obs-dagster",
    "dagster",
    "mlflow",
    "evidently",
    "great-expectations",
    "shap",
    "duckdb",
    "pyspark",
    "narwhals",
    "numpy",
    "pandas",
    "polars",
    "pyarrow",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "xgboost",
    "numba",
)
"""What decides on numbers, or shows them. What is not installed is left out."""


@cache
def programs() -> dict[str, str]:
    """The versions, by name: this program's, Python's, and those of the libraries. Nothing is imported."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.machine()}"}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
