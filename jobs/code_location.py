"""Where Dagster's own programs find this one's definitions, whatever lies in the folder they start in."""

from __future__ import annotations

import json
from pathlib import Path

from jobs import definitions
from jobs.repository import LOCATION
from obs_dagster.lake.lake import replacing


def write_workspace(folder: Path) -> Path:
    """Write a workspace file with this program's code location alone; returns its path."""
    file = folder / "workspace.yaml"
    module = definitions.__name__
    location = {
        "module_name": module,
        "location_name": LOCATION,
        # else the folder that Dagster is started in comes first, which may have a `jobs` of its own
        "working_directory": str(Path(definitions.__file__).parents[module.count(".")]),
    }
    with replacing(file) as aside:
        # JSON is YAML
        aside.write_text(json.dumps({"load_from": [{"python_module": location}]}, indent=2), encoding="utf-8")
    return file
