"""Results on disk: `bench/results/<part>.json`, a case at a time, with where and when it was measured."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
#: What our own figures depend on.
_LIBRARIES = (
    "dagster",
    "duckdb",
    "evidently",
    "great-expectations",
    "mlflow",
    "narwhals",
    "numpy",
    "pyarrow",
    "shap",
)


def read(part: str, folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """The cases of a part by name, in the order of first measuring; none if it was never measured."""
    path = folder / f"{part}.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def write(part: str, case: str, measured: dict[str, Any], folder: Path = FOLDER) -> None:
    """Keep a case; what was measured of it before goes. Ratios are taken within a case, so within one run."""
    folder.mkdir(exist_ok=True)
    cases = read(part, folder) | {case: {"taken": taken(), "measured": measured}}
    aside = folder / f"{part}.json.part"
    aside.write_text(json.dumps(cases, indent=1), encoding="utf-8")
    aside.replace(folder / f"{part}.json")


def taken() -> dict[str, Any]:
    """When and on what something is measured."""
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "load": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: version(name) for name in _LIBRARIES},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
