"""`obs schema`: the JSON Schema of monitor files."""

from __future__ import annotations

import json
import sys


def schema() -> None:
    """Print the JSON Schema of monitor files, for editors."""
    from obs_dagster.monitor import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=1) + "\n")
